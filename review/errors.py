"""What can go wrong at headquarters' command line, in words for who runs it."""

from schemas.errors import TrialObserverError


class NoSuchMission(TrialObserverError):
    """Headquarters has no mission of this name."""

    code = "no_such_mission"
    status = 404


class MissionExists(TrialObserverError):
    """A mission of this name was made before; nothing is written over it."""

    code = "mission_exists"
    status = 409


class NotAcceptable(TrialObserverError):
    """A name, code, role or address is not of the form it must have."""

    code = "not_acceptable"
    status = 422


class HubPortBusy(TrialObserverError):
    """Another program uses the port."""

    code = "hub_port_busy"
    status = 503


class ProcessEnded(TrialObserverError):
    """One of the processes of headquarters ended, so the other was stopped too."""

    code = "process_ended"
    status = 500


class NotEmpty(TrialObserverError):
    """A backup is restored into an empty folder only; nothing is written over."""

    code = "not_empty"
    status = 409


class NotSound(TrialObserverError):
    """What was verified is not whole and true; keep it, and use an older copy."""

    code = "not_sound"
    status = 422


class NoBackup(TrialObserverError):
    """The folder is not one that ``observer-hub backup`` made, or not whole."""

    code = "no_backup"
    status = 404


class NotErased(TrialObserverError):
    """What the command names cannot be erased so; nothing was."""

    code = "not_erased"
    status = 422

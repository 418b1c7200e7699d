"""What can go wrong on an observer's laptop, in words for the observer."""

from schemas.errors import TrialObserverError


class NotSetUp(TrialObserverError):
    """There is no mission on this laptop yet."""

    code = "not_set_up"
    status = 409


class AlreadySetUp(TrialObserverError):
    """This folder holds a mission already; another one needs another folder."""

    code = "already_set_up"
    status = 409


class StoreNotEncrypted(TrialObserverError):
    """A real mission may be entered only where the store is encrypted at rest."""

    code = "store_not_encrypted"
    status = 403


class NoSuchRecord(TrialObserverError):
    """The record is not on this laptop."""

    code = "no_such_record"
    status = 404


class NotYours(TrialObserverError):
    """Only the author changes an observation."""

    code = "not_yours"
    status = 403


class StillIncomplete(TrialObserverError):
    """Something is missing or inconsistent and no reason is given for leaving it so."""

    code = "still_incomplete"
    status = 409


class PortBusy(TrialObserverError):
    """Another program uses the port."""

    code = "port_busy"
    status = 503


class WrongSetUp(TrialObserverError):
    """The folder is a relay's and not an observer's, or the other way round."""

    code = "wrong_set_up"
    status = 409

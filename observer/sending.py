"""This laptop's conversations with headquarters: one at a time, each kept as a state to be shown.

After a fork the laptop goes on as a new device: what headquarters did not take is drafted again.
"""

import json
import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from observer.renewal import draft_again, renew
from observer.workspace import Workspace
from sync.backoff import Backoff
from sync.errors import Fork, SyncError
from sync.files import FileSender, Shelf
from sync.http import HttpTransport
from sync.log import Log
from sync.projection.scrub import scrub
from sync.push import Progress, push
from sync.session import Exchange, Session, alone

CALM: Final = 60.0  # seconds between two looks when all is well


def send_and_receive(
    workspace: Workspace,
    progress: Progress = lambda done, total: None,
    going_on: Callable[[], bool] = lambda: True,
    file_seconds: float = math.inf,
) -> Exchange:
    """Send what was submitted, fetch what is new, and bring the tables up to date.

    :param going_on: asked between the steps; false ends it, to be resumed later
    :param file_seconds: for how long files are sent, after all text; the rest goes the next time
    :raises SyncRunning: another program on this laptop is at it
    :raises SyncError: headquarters was not reached or refused; what was done stays done
    """
    with (
        alone(workspace.home.sync_lock),
        closing(HttpTransport(workspace.profile.address)) as transport,
    ):
        if workspace.home.renewing:
            renew(workspace, _session(workspace, transport))
            transport.token = ""
        draft_again(workspace)
        session = _session(workspace, transport, file_seconds)
        try:
            found = session.run(progress, going_on)
            own = found.pushed.stopped.get(session.signer.device, {})
            if own.get("code") == Fork.code or found.behind:
                renew(workspace, session)
                transport.token = ""
                found = _session(workspace, transport, file_seconds).run(progress, going_on)
                found.renewed = True
        finally:
            workspace.refresh()
        if found.pulled.erased:
            scrub(workspace.projector)
        elif found.pulled.forgotten or found.pushed.quarantined:
            workspace.projector.rebuild()
        _remember(workspace, found)
        return found


@dataclass(frozen=True, slots=True)
class Last:
    """What the last conversation that went through did; any program on this laptop held it.

    :ivar stopped: per device, the ``seq`` from which nothing was taken, with ``code error``
    :ivar new: how many changes came in, by kind of record
    :ivar unread: codes of what came in and could not be read
    """

    at: str = ""
    sent: int = 0
    known: int = 0
    carried: int = 0
    stopped: dict[str, dict[str, Any]] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    forgotten: int = 0
    unread: list[str] = field(default_factory=list)
    new_epoch: bool = False
    renewed: bool = False


def _remember(workspace: Workspace, found: Exchange) -> None:
    pushed, pulled = found.pushed, found.pulled
    last = Last(
        workspace.now(),
        *(pushed.sent, pushed.known, pushed.carried, pushed.stopped),
        *(pulled.new, len(pulled.forgotten), [error.code for error in pulled.skipped]),
        *(found.new_epoch, found.renewed),
    )
    with workspace.log.writing():
        workspace.log.set_meta({"last_exchange": json.dumps(asdict(last))})


def last_exchange(log: Log) -> Last:
    """What the last conversation did; an empty one before the first."""
    text = log.meta("last_exchange")
    return Last(**json.loads(text)) if text else Last()


def _session(
    workspace: Workspace, transport: HttpTransport, file_seconds: float = math.inf
) -> Session:
    files = file_sender(workspace, file_seconds)
    return Session(workspace.log, transport, workspace.signer, workspace.now, files=files)


def file_sender(workspace: Workspace, seconds: float = math.inf) -> FileSender:
    """What sends this laptop's files, and knows which wait and which were refused."""
    log, mission = workspace.log, workspace.profile.mission
    return FileSender(
        log,
        Shelf(workspace.home.folder),
        text=lambda transport: push(log, transport, mission),
        seconds=seconds,
    )


def keep_sending(
    workspace: Workspace,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
    going_on: Callable[[], bool] = lambda: True,
) -> None:
    """Send and fetch again and again; after a failure wait longer each time, five minutes at most.

    :param say: told in one sentence what happened, when it differs from the time before
    """
    backoff, before = Backoff(), ""
    while going_on():
        try:
            found = send_and_receive(workspace, going_on=going_on)
            backoff.succeeded()
            wait = CALM
            said = f"Up to date; {found.pushed.sent} new at headquarters."
        except SyncError as error:
            wait = backoff.failed(getattr(error, "retry_after", None))
            said = error.message
        if said != before:
            say(said)
        before = said
        sleep(wait)

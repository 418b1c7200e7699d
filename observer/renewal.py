"""Going on as a new device after a fork, as when a laptop's folder was put back from a copy.

Two changes of this device had one number. What headquarters holds stays as it is; what it did not
take is drafted again under the new device, so that nothing is lost and no number is used twice.
Every step can be done again after a cut.
"""

from collections.abc import Mapping
from typing import Any

from observer.profile import Home
from observer.store import Draft
from observer.workspace import Workspace
from sync.change import Change, Signer
from sync.errors import DeviceRevoked, NewEpoch, SignedOut, UnknownDevice
from sync.http import HubRefused
from sync.invitation import renew_body
from sync.keys import DeviceKey, fingerprint
from sync.session import Session
from sync.trust import believe

# What a headquarters that was restored since says to what is meant for the one before it.
RESTORED = (SignedOut.code, NewEpoch.code, UnknownDevice.code)


def renew(workspace: Workspace, session: Session) -> None:
    """Enrol a successor, signed by the old key, and draft again what was not taken.

    :raises SyncError: headquarters was not reached or refused; the laptop is as it was
    """
    log, home = workspace.log, workspace.home
    device = home.successor()
    try:
        # Without signing in: the old device may be revoked already, when an answer was lost.
        changes = _ask(workspace, session, device)
    except HubRefused as error:
        if error.code not in RESTORED:
            raise
        _follow(workspace, session, device)
        changes = _ask(workspace, session, device)
    believe(log, workspace.profile.mission, changes, workspace.now)
    with log.writing():
        # What the old device has at headquarters and not here comes with the next pull.
        log.set_meta({"cursor": ""})
    home.become(device)
    draft_again(workspace)


def _ask(workspace: Workspace, session: Session, device: str) -> list[Any]:
    log, home, old = workspace.log, workspace.home, workspace.signer
    key = DeviceKey.load(home.key_path(device))
    hub = fingerprint(log.meta("hub_key") or "")
    body = renew_body(hub, old.mission, old.device, old.key, device, key, workspace.now())
    return list(session.transport.post("renew", body)["changes"])


def _follow(workspace: Workspace, session: Session, device: str) -> None:
    """Sign in: that follows a headquarters that was restored, and shows it the device's record."""
    try:
        session.sign_in()
    except HubRefused as error:
        if error.code != DeviceRevoked.code:
            raise
        # It was renewed already; the answer was lost, or the power went when it was here.
        old, key = workspace.signer, DeviceKey.load(workspace.home.key_path(device))
        signer = Signer(old.mission, device, old.author, key)
        Session(workspace.log, session.transport, signer, workspace.now).sign_in()


def draft_again(workspace: Workspace) -> None:
    """Turn what headquarters never took from this laptop's former devices into drafts again."""
    left = [
        change
        for device in _former_devices(workspace)
        for change in workspace.log.changes_of_device(device)
        if not workspace.log.holds(change.hash)
    ]
    if not left:
        return
    wanted: dict[tuple[str, str], Draft] = {}
    apart = {change.hash: change for change in left}
    for change in left:
        heads = _seen(change, apart)
        for path, value in change.set.items():
            wanted.pop((change.record, path), None)  # its place is that of the last word
            wanted[change.record, path] = Draft(change.record, change.kind, path, value, heads)
    # What was drafted since then is newer and stands.
    newer = {(change.record, path) for change in left for path in _drafted(workspace, change)}
    workspace.drafts.write_before(
        [draft for key, draft in wanted.items() if key not in newer], workspace.now()
    )
    with workspace.log.writing():
        workspace.log.withdraw(change.hash for change in left)


def _seen(change: Change, apart: Mapping[str, Change]) -> tuple[str, ...]:
    """What a change built on, with those that are put aside replaced by what they built on."""
    found: set[str] = set()
    waiting = list(change.parents)
    while waiting:
        parent = waiting.pop()
        if parent in apart:
            waiting += apart[parent].parents
        else:
            found.add(parent)
    return tuple(sorted(found))


def _drafted(workspace: Workspace, change: Change) -> list[str]:
    return list(workspace.drafts.of(change.record))


def _former_devices(workspace: Workspace) -> list[str]:
    home: Home = workspace.home
    return [
        device.device
        for device in workspace.log.devices()
        if device.revoked_at is not None
        and device.device != workspace.signer.device
        and home.key_path(device.device).exists()
    ]

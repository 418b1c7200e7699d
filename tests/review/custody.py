"""A headquarters whose log has something of everything, made without HTTP; fictional."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from uuid6 import uuid7

from review.erasing import Order, erase
from review.hub import Hub
from review.pushes import store
from sync.change import Change, Signer
from sync.clock import utc_now
from sync.intake import check_batch
from sync.keys import DeviceKey, PublicKeys
from sync.log import Log
from tests.detectors import ROOT
from tests.review.hub_process import MISSION, Device, new_hub

CANARY = "Zanzibar-Kolibri-4711"


def script() -> ModuleType:
    """``scripts/verify_log.py``, loaded as strangers run it."""
    spec = importlib.util.spec_from_file_location("verify_log", ROOT / "scripts/verify_log.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def enrol(hub: Hub, author: str) -> Device:
    """A device whose record headquarters signed."""
    made = Device(Signer(MISSION, str(uuid7()), author, DeviceKey.generate()), "")
    log = hub.log(MISSION)
    fields = {"author": author, "role": "observer", "public_key": made.signer.key.public}
    with log.writing():
        hub.seat(log).write(log, "device", made.signer.device, fields, hub.now)
    log.close()
    return made


def push(hub: Hub, *changes: Change) -> dict[str, Any]:
    """What ingest does with a push."""
    log = hub.log(MISSION)
    try:
        pairs = [(change.payload, change.signature) for change in changes]
        batch = check_batch(log, MISSION, pairs, PublicKeys())
        with log.writing():
            return store(hub.seat(log), log, batch, utc_now)
    finally:
        log.close()


def add_reviewers(hub: Hub, *names: str) -> None:
    """Reviewers of the mission, who never sign in."""
    for name in names:
        hub.store.add_reviewer(name, "-", "reviewer", MISSION)


def rich_hub(instance: Path) -> Hub:
    """Two devices, a quarantined change, a fork, and an erased change with a word in its place."""
    hub = new_hub(instance)
    add_reviewers(hub, "vera", "paul")
    anna, ben = enrol(hub, "OBS-1"), enrol(hub, "OBS-2")
    case = str(uuid7())
    first = anna.change(case, {"title": f"Case {CANARY} (fictional)"}, "case")
    push(hub, first, *(anna.change(fields={"mode": "full"}) for _ in range(4)))
    push(hub, *(ben.change(fields={"mode": "quick"}) for _ in range(3)))
    push(hub, ben.change(case, {"title": "not allowed (fictional)"}, "case"))
    seq, prev = ben.seq - 1, ben.prev
    twin = Device(ben.signer, "", seq, prev)
    push(hub, twin.change(fields={"mode": "forked"}))
    hub.assign(MISSION, case, "OBS-2")
    order = Order([first.hash], ["vera", "paul"], "A name (fictional)", {"title": "Case 1"})
    erase(hub, MISSION, order)
    push(hub, anna.change(fields={"mode": "short"}), ben.change(fields={"mode": "short"}))
    return hub


def log_path(hub: Hub) -> Path:
    """The file of the mission's log."""
    return hub.log_path(MISSION)


def case_of(log: Log) -> str:
    """The one case."""
    return log.records("case")[0]


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold a word, as it is or as JSON escapes it."""
    wanted = {word.encode(), json.dumps(word)[1:-1].encode(), word.encode("utf-16-le")}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and any(each in path.read_bytes() for each in wanted):
            found.append(path.relative_to(folder).as_posix())
    return found

"""Fictional records of two missions, written as signed changes and projected for real.

Everything in them is made up. ``CANARY`` stands in each place where the words of the mission
``other`` could come out.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from schemas.library import default_checklist
from sync.change import Change, Signer, make_change
from sync.fold import fold
from sync.intake import check_batch, receive_own, take
from sync.keys import DeviceKey, PublicKeys
from sync.log import Log
from sync.projection import Projector, paths_of

CANARY = "CANARY-7f3a"
RECEIVED = "2026-03-02T17:40:00.000Z"
Fields = Mapping[str, Any]


@dataclass
class Writer:
    """A device that writes records into one mission's log."""

    log: Log
    signer: Signer
    seq: int = 0
    prev: str = ""

    def change(
        self, kind: str, record: str, fields: Fields, at: str, parents: tuple[str, ...]
    ) -> Change:
        """The device's next change."""
        made = make_change(
            self.signer,
            seq=self.seq + 1,
            prev=self.prev,
            kind=kind,
            record=record,
            parents=parents,
            recorded_at=at,
            fields=dict(fields),
        )
        self.seq, self.prev = made.seq, made.hash
        return made


@dataclass
class Mission:
    """A mission's log while it is being filled."""

    name: str
    log: Log
    hub: Writer
    keys: PublicKeys = field(default_factory=PublicKeys)

    def device(self, author: str) -> Writer:
        """A device enrolled for an author."""
        signer = Signer(self.name, str(uuid7()), author, DeviceKey.generate())
        fields = {"author": author, "role": "observer", "public_key": signer.key.public}
        change = self.hub.change("device", signer.device, fields, RECEIVED, ())
        with self.log.writing():
            receive_own(self.log, [change], lambda: RECEIVED)
        return Writer(self.log, signer)

    def sign(self, kind: str, fields: Fields) -> None:
        """A record of headquarters' own."""
        change = self.hub.change(kind, str(uuid7()), fields, RECEIVED, ())
        with self.log.writing():
            receive_own(self.log, [change], lambda: RECEIVED)

    def write(
        self,
        device: Writer,
        kind: str,
        fields: Fields,
        record: str | None = None,
        at: str = "2026-03-02T17:30:00.000Z",
        parents: tuple[str, ...] | None = None,
    ) -> str:
        """Store fields of a record as the device's next change; the record's id."""
        record = record or str(uuid7())
        if parents is None:
            parents = tuple(fold(self.log.changes_of(record)).heads)
        change = device.change(kind, record, fields, at, parents)
        batch = check_batch(self.log, self.name, [(change.payload, change.signature)], self.keys)
        with self.log.writing():
            take(self.log, batch, RECEIVED)
        return record


@contextmanager
def opened(instance: Path, name: str) -> Iterator[Mission]:
    """A mission's log, projected when the block ends."""
    folder = instance / "log"
    folder.mkdir(parents=True, exist_ok=True)
    log = Log(folder / f"{name}.db")
    hub = Writer(log, Signer(name, str(uuid7()), "HQ", DeviceKey.generate()))
    with log.writing():
        log.trust_hub(hub.signer.device, hub.signer.key.public)
    yield Mission(name, log, hub)
    projector = Projector(log, *paths_of(instance / "projections", name))
    while projector.catch_up():
        pass
    projector.close()
    log.close()


def entry(at: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    """A log entry of the morning of the hearing; ``at`` is the court's clock (UTC+1)."""
    instant = f"2026-03-02T{at}:00+01:00"
    return {
        "kind": kind,
        "text": text,
        "basis": "observed_fact",
        "at": instant,
        "at_precision": "exact",
        "entered_at": instant,
        "via": "direct",
        **more,
    }


@dataclass(frozen=True)
class Ids:
    """The records of the filled mission that tests ask for."""

    case: str
    hearing: str
    accused: tuple[str, ...]
    observation: str
    second: str
    entries: Mapping[str, str]


def fill_training(instance: Path) -> Ids:
    """A hearing recorded by two observers, with something of everything a page can show."""
    with opened(instance, "training") as mission:
        first, second = mission.device("OBS-1"), mission.device("OBS-2")
        case = mission.write(first, "case", _case())
        accused = tuple(_person(mission, first, case, f"A{n}", "accused") for n in (1, 2, 3))
        witness = _person(mission, first, case, "W1", "witness")
        judge = _person(mission, first, case, "J1", "judge")
        answers = _case_answers(accused)
        mission.write(first, "case", answers, case)
        hearing = mission.write(first, "hearing", _hearing(case))
        entries = {name: str(uuid7()) for name in _log({}, accused, judge)}
        record = _observation(case, hearing, "OBS-1") | {
            f"log/{entries[name]}": value for name, value in _log(entries, accused, judge).items()
        }
        record |= _answers(entries, accused, witness)
        observation = mission.write(first, "observation", record)
        _conflict(mission, first, observation)
        mission.write(second, "observation", {"answers/hearing.kind": {"value": []}}, observation)
        other = mission.write(
            second,
            "observation",
            _observation(case, hearing, "OBS-2")
            | {"answers/access.public_admitted": {"value": "yes"}},
        )
        _urgent(
            mission,
            second,
            {"case": case, "hearing": hearing, "persons": [accused[0]]},
            "Fictional",
        )
        return Ids(case, hearing, accused, observation, other, entries)


def fill_other(instance: Path) -> str:
    """A mission of somebody else, full of canaries; the id of its one observation."""
    with opened(instance, "other") as mission:
        device = mission.device(f"OBS-{CANARY}")
        case = mission.write(device, "case", {"title": f"{CANARY} case", "court": CANARY})
        hearing = mission.write(device, "hearing", _hearing(case) | {"court": CANARY})
        log = {f"log/{uuid7()}": entry("09:30", "note", f"{CANARY} words")}
        answer = {"value": "no", "entries": [], "comment": f"{CANARY} comment"}
        _urgent(mission, device, {"case": case, "hearing": hearing, "persons": []}, CANARY)
        return mission.write(
            device,
            "observation",
            _observation(case, hearing, f"OBS-{CANARY}")
            | log
            | {"answers/access.public_admitted": answer},
        )


def _urgent(mission: Mission, device: Writer, where: Fields, word: str) -> None:
    """One that waits, one that is acknowledged, and a safe arrival."""
    mission.sign("mission", {"title": "Fictional", "practice": True})
    fields = {**where, "opened_at": RECEIVED, "practice": True, "text": f"{word} help"}
    mission.write(device, "incident", {**fields, "kind": "urgent", "needs": ["doctor", "leave"]})
    known = mission.write(device, "incident", {**fields, "kind": "incident", "needs": ["lawyer"]})
    review = {"incident": known, "decision": "acknowledged", "by": "vera"}
    heads = list(fold(mission.log.changes_of(known)).heads)
    mission.sign("review", {**review, "of": heads, "comment": f"{word} known"})
    mission.write(device, "incident", {**fields, "kind": "safe_arrival", "needs": []})


def _person(mission: Mission, device: Writer, case: str, code: str, role: str) -> str:
    fields = {"case": case, "code": code, "role": role, "practice": True}
    return mission.write(device, "person", fields)


def _case() -> dict[str, Any]:
    return {
        "title": "The harbour case (fictional)",
        "court": "Regional Court of Port Alder (fictional)",
        "opened_at": "2026-02-20",
        "practice": True,
    }


def _case_answers(accused: tuple[str, ...]) -> dict[str, Any]:
    return {
        "answers/case.accused_count": {"value": 3},
        "answers/case.features": {"value": ["none"]},
        "answers/case.offence_group": {"value": "public_order_or_assembly"},
        "answers/case.charges": {"value": "Blocking the harbour road; resisting an officer."},
        "answers/person.features": {"value": ["detained"]},
        f"answers/person.features/{accused[2]}": {"value": ["detained", "interpretation_needed"]},
    }


def _hearing(case: str) -> dict[str, Any]:
    return {
        "case": case,
        "number": 2,
        "date": "2026-03-02",
        "court": "Regional Court of Port Alder (fictional)",
        "room": "Room 4",
        "scheduled_at": "09:30",
        "time_zone": "Europe/Madrid",
        "practice": True,
    }


def _observation(case: str, hearing: str, author: str) -> dict[str, Any]:
    return {
        "case": case,
        "hearing": hearing,
        "checklist": default_checklist().sha256,
        "mode": "full",
        "observed_by": author,
        "attendance": {"value": "observed"},
        "started_at": "2026-03-02T09:10:00+01:00",
        "submitted_at": "2026-03-02T17:30:00+01:00",
        "practice": True,
    }


def _log(ids: Mapping[str, str], accused: tuple[str, ...], judge: str) -> dict[str, Any]:
    return _later(ids, accused, judge) | {
        "public": entry(
            "09:25",
            "note",
            "Guards at the door let in two relatives of each accused and nobody else. Eleven people"
            " waited outside; the room had about twenty free seats.",
            items=["access.public_admitted", "access.turned_away"],
        ),
        "start": entry("09:52", "start", "The panel enters; the hearing is opened."),
        "cage": entry(
            "09:54",
            "note",
            "All three accused sit in a metal cage at the left wall, handcuffed.",
            about=list(accused),
            at_precision="about",
            items=["innocence.restraints"],
        ),
        "request": entry(
            "10:05",
            "request",
            "Counsel for A3 asks that the handcuffs be taken off.",
            about=[accused[2]],
            speaker="Counsel for A3",
        ),
        "quote": entry(
            "10:06",
            "quotation",
            "We all know why you are here, so let us not waste the morning.",
            quote=True,
            original="Todos sabemos por qué están aquí, así que no perdamos la mañana.",
            speaker=judge,
            items=["indep.no_bias_expressed"],
        ),
    }


def _later(ids: Mapping[str, str], accused: tuple[str, ...], judge: str) -> dict[str, Any]:
    return {
        "ruling": entry(
            "10:07",
            "ruling",
            "Refused: the guards decide about security.",
            re=ids.get("request"),
            speaker=judge,
        ),
        "second": entry(
            "10:30",
            "request",
            "Counsel for A1 asks for a week to read forty pages served this morning.",
            about=[accused[0]],
            speaker="Counsel for A1",
        ),
        "source": entry(
            "11:15",
            "note",
            "A relative says that A2 was not seen by a doctor since the arrest.",
            basis="reported_by_source",
            at_precision="order_only",
            about=[accused[1]],
            via="own_interpreter",
        ),
        "late": entry(
            "11:40",
            "end",
            "The hearing is adjourned to 16 March.",
            entered_at="2026-03-02T16:55:00+01:00",
        ),
        "mistake": entry(
            "11:41", "leaves", "A1 leaves <b>early</b>.", withdrawn={"reason": "Wrong person."}
        ),
    }


def _answers(ids: Mapping[str, str], accused: tuple[str, ...], witness: str) -> dict[str, Any]:
    bias = {
        "value": "no",
        "entries": [ids["quote"]],
        "comment": "Said before any evidence was heard, in an impatient tone. To my mind it shows"
        " that the presiding judge had made up her mind.",
        "answered_at": "2026-03-02T12:20:00+01:00",
    }
    return {
        "answers/hearing.kind": {"value": ["trial"]},
        "answers/hearing.scheduled_time": {"value": "09:30"},
        "answers/hearing.start_time": {"value": {"time": "09:52", "precision": "about"}},
        "answers/hearing.end_time": {"value": "11:40", "entries": [ids["late"]]},
        "answers/hearing.bench": {"value": "not_observed"},
        "answers/hearing.features": {"value": ["none"]},
        "answers/hearing.outcome": {"value": "adjourned"},
        "answers/access.public_admitted": {
            "value": "partly",
            "entries": [ids["public"]],
            "comment": "The room could have held everybody who waited.",
        },
        "answers/access.turned_away": {"value": 11, "entries": [ids["public"]]},
        "answers/access.audible": {"value": "yes"},
        "answers/access.note_taking": {"value": "yes"},
        "answers/indep.no_bias_expressed": bias,
        "answers/indep.unequal_treatment": {"value": "could_not_tell"},
        "answers/innocence.restraints": {
            "value": ["cage", "handcuffs"],
            "entries": [ids["cage"]],
        },
        f"answers/innocence.restraints/{accused[2]}": {
            "value": ["cage", "handcuffs", "shackles"],
            "entries": [ids["cage"], ids["request"]],
            "comment": "A3 could not turn the pages of the file.",
        },
        "answers/counsel.represented": {"value": "own_lawyer"},
        f"answers/counsel.represented/{accused[1]}": {"value": "none"},
        "answers/counsel.no_interference": {"value": "not_observed"},
        "answers/torture.allegation": {"value": "no"},
        f"answers/torture.allegation/{accused[1]}": {"value": "yes_alleged"},
        f"answers/torture.allegation_recorded/{accused[1]}": {
            "value": "no",
            "entries": [ids["source"]],
        },
        "answers/presence.accused_present": {"value": "yes"},
        "answers/observer.admitted": {"value": "yes"},
        "answers/overall.main_concerns": {
            "value": "Words of the presiding judge before the evidence.\nCage and handcuffs for all"
            " accused, without a reason given for each.",
        },
        "answers/overall.urgent": {"value": "within_24h"},
        "overrides/unanswered/observer.vantage": {"reason": "I changed seats three times."},
    }


def _conflict(mission: Mission, first: Writer, observation: str) -> None:
    heads = tuple(fold(mission.log.changes_of(observation)).heads)
    tablet = mission.device("OBS-1")
    for device, value, at in ((first, "high", "17:31"), (tablet, "medium", "17:35")):
        mission.write(
            device,
            "observation",
            {"answers/overall.confidence": {"value": value}},
            observation,
            at=f"2026-03-02T{at}:00.000Z",
            parents=heads,
        )

"""The client's JavaScript says what its Python twins say, on cases that nobody chose.

One Node process answers JSON lines (``observer/client/tests/twins.js``). What both are told is
random, from a fixed seed, so that a failure comes back.
"""

import json
import random
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from schemas.answers import check_answer
from schemas.checklist import Checklist
from schemas.derive import proposals
from schemas.envelope import is_instant
from schemas.late import late_entries, phone_gaps
from schemas.library import default_checklist, extended_checklist, published
from schemas.moment import moment_of
from schemas.rules import Assessment, Problem, Target, assess
from schemas.zones import ZONES, zone_of
from scripts.client import ClientNotBuilt, node
from sync.change import Change, envelope_of, kept_hash, read_change, read_erased
from sync.errors import SyncError
from sync.fold import Folded, fold
from sync.keys import PURPOSES, DeviceKey, PublicKeys, b64url, fingerprint
from sync.profile import dump_payload, parse_payload
from sync.receipts import Issuer, issue_sheet, issuer_of, read_sheet
from tests.client import twin_cases, twin_sittings
from tests.payload_fuzz import NASTY, PayloadFuzz

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "observer" / "client" / "tests" / "twins.js"
CHECKLISTS: Mapping[str, Callable[[], Checklist]] = {
    "default": default_checklist,
    "extended": extended_checklist,
}
Ask = Callable[[list[dict[str, Any]]], list[Any]]


@pytest.fixture(scope="session")
def twin() -> Ask:
    """Asks the JavaScript side many things at once."""
    try:
        program, _ = node()
    except ClientNotBuilt as missing:
        pytest.fail(str(missing))

    def ask(calls: list[dict[str, Any]]) -> list[Any]:
        told = subprocess.run(
            [program, "--no-warnings", str(PROGRAM)],
            input="".join(f"{json.dumps(call)}\n" for call in calls),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        answers = [json.loads(line) for line in told.stdout.split("\n") if line]
        assert len(answers) == len(calls)
        return answers

    return ask


def alike(ours: object, theirs: object) -> bool:
    """Whether two answers are the same; ``true`` is not ``1`` here."""
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


def told(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the Python side gives, or with what code it refuses."""
    try:
        return function(*arguments)
    except SyncError as error:
        return {"refused": error.code}


def compare(twin: Ask, calls: list[dict[str, Any]], ours: list[Any]) -> None:
    """Every answer is the one that Python gives."""
    for call, mine, theirs in zip(calls, ours, twin(calls), strict=True):
        assert alike(mine, theirs), f"{json.dumps(call)}\n{mine}\n{theirs}"


# Payloads


def test_documents_are_written_alike(twin: Ask) -> None:
    dice = random.Random(1)
    documents = [twin_cases.document(dice) for _ in range(2000)]
    calls = [{"call": "dump", "document": document} for document in documents]
    ours = [told(lambda d=d: {"text": dump_payload(d)}) for d in documents]
    compare(twin, calls, ours)
    assert 200 < sum("refused" in answer for answer in ours) < 1800


def test_texts_are_taken_and_refused_alike(twin: Ask) -> None:
    source = PayloadFuzz(2)
    texts = [source.next() for _ in range(3000)]
    calls = [{"call": "parse", "text": text} for text in texts]
    compare(twin, calls, [told(lambda t=t: {"document": parse_payload(t)}) for t in texts])


# Changes


def plain(change: Change) -> dict[str, Any]:
    """A change as the JavaScript side has it."""
    return {**asdict(change), "parents": list(change.parents), "set": dict(change.set)}


def test_changes_are_read_alike(twin: Ask) -> None:
    source = PayloadFuzz(3)
    texts = [source.next() for _ in range(3000)]
    texts += [twin_cases.later(c).payload for c in twin_cases.graph(random.Random(3), 20)]
    calls = [{"call": "change", "payload": t, "signature": "s", "counts": True} for t in texts]
    ours = [told(lambda t=t: {"change": plain(read_change(t, "s"))}) for t in texts]
    compare(twin, calls, ours)
    codes = [answer.get("refused") for answer in ours]
    assert min(codes.count(code) for code in (None, "bad_payload", "bad_envelope")) > 50


def test_instants_are_the_same_instants(twin: Ask) -> None:
    dice = random.Random(4)
    texts = [twin_cases.instant(dice) for _ in range(3000)]
    texts += [text for text in NASTY if isinstance(text, str) and len(text) < 100]
    ours = [
        {"sound": True, "seconds": datetime.fromisoformat(text).timestamp()}
        if is_instant(text)
        else {"sound": False, "seconds": 0}
        for text in texts
    ]
    theirs = twin([{"call": "instant", "text": text} for text in texts])
    for text, mine, other in zip(texts, ours, theirs, strict=True):
        assert mine == other, text
    assert 500 < sum(bool(answer["sound"]) for answer in ours) < 2900


def test_erased_changes_are_read_alike(twin: Ask) -> None:
    changes = twin_cases.graph(random.Random(5), 60)
    calls: list[dict[str, Any]] = []
    ours: list[Any] = []
    for change in changes:
        envelope = envelope_of(change.payload)
        calls.append({"call": "kept", "payload": change.payload, "signature": change.signature})
        ours.append({"envelope": envelope, "kept": kept_hash(envelope, change.signature)})
        for restated in ({}, {"mode": "full", "place": {"b": 1, "a": [None]}}):
            given = (envelope, change.signature, change.hash, restated)
            names = ("envelope", "signature", "hash", "restated")
            calls.append({"call": "erased", **dict(zip(names, given, strict=True))})
            ours.append({"change": plain(read_erased(*given))})
    for broken in ("", "[]", "null", '{"v":1}', "{", '"x"'):
        calls.append({"call": "erased", "envelope": broken, "signature": "s", "hash": "0" * 64})
        ours.append(told(read_erased, broken, "s", "0" * 64))
    compare(twin, calls, ours)


# Folds


def shape(folded: Folded) -> dict[str, Any]:
    """Everything a fold says, as JSON has it."""
    return {
        "values": folded.values,
        "origins": {path: asdict(version) for path, version in folded.origins.items()},
        "conflicts": {
            path: [asdict(version) for version in versions]
            for path, versions in folded.conflicts.items()
        },
        "heads": list(folded.heads),
    }


def as_call(dice: random.Random, changes: list[tuple[Change, dict[str, Any]]]) -> dict[str, Any]:
    order = list(range(len(changes))) + dice.choices(range(len(changes)), k=2)
    dice.shuffle(order)
    told_changes = [
        {
            "wire": change.wire(),
            # That a later version gives no value the other side must know by itself.
            "counts": change.counts or change.later,
            "restated": restated,
        }
        for change, restated in changes
    ]
    return {"call": "fold", "changes": told_changes, "order": order}


def test_a_thousand_graphs_fold_alike(twin: Ask) -> None:
    dice = random.Random(6)
    graphs = [twin_cases.known_graph(dice, dice.randint(1, 14)) for _ in range(1000)]
    ours = [shape(fold(change for change, _ in graph)) for graph in graphs]
    calls = [as_call(dice, graph) for graph in graphs]
    for graph, mine, theirs in zip(graphs, ours, twin(calls), strict=True):
        assert alike(mine, theirs["at_once"]), graph
        assert alike(mine, theirs["grown"]), graph
    assert sum(bool(one["conflicts"]) for one in ours) > 200
    assert sum("__proto__" in one["values"] for one in ours) > 20


# Keys and receipts


def test_signatures_hold_on_both_sides(twin: Ask) -> None:
    dice, keys = random.Random(7), PublicKeys()
    calls, checks, ours = [], [], []
    for purpose in PURPOSES * 10:
        seed = dice.randbytes(32)
        key = DeviceKey(SigningKey(seed))
        payload = json.dumps(twin_cases.document(dice), ensure_ascii=False)[:2000]
        payload = payload.encode("utf-8", "ignore").decode()
        signature = key.sign(purpose, payload)
        calls.append({"call": "sign", "seed": b64url(seed), "purpose": purpose, "payload": payload})
        ours.append((key.public, signature, fingerprint(key.public)))
        given = {"key": key.public, "purpose": purpose, "payload": payload, "signature": signature}
        checks += [
            {"call": "check", **one} for one in (given, *twin_cases.forged(dice, given, seed))
        ]
    for call, mine, theirs in zip(calls, ours, twin(calls), strict=True):
        public, signature, print_ = mine
        assert theirs == {"keys": [public] * 2, "signatures": [signature] * 2, "print": print_}
        keys.check(public, call["purpose"], call["payload"], theirs["signatures"][0])
    for call, theirs in zip(checks, twin(checks), strict=True):
        names = ("key", "purpose", "payload", "signature")
        mine = told(keys.check, *(call[name] for name in names)) or {"refused": True}
        assert theirs["holds"] == [mine["refused"]] * 2, call


def test_receipt_sheets_are_read_alike(twin: Ask) -> None:
    hub = Issuer("training", "hub-1", "e1", DeviceKey.generate())
    stored = {"hash": "a" * 64, "device": "d", "seq": 1, "state": "stored", "hub_seq": 7}
    stored["received_at"] = "2026-03-02T09:30:00.000Z"
    aside = {**stored, "hash": "b" * 64, "state": "quarantined", "code": "not_allowed"}
    sheets = [
        issue_sheet(hub, (3, "c" * 64), receipts, "2026-03-02T09:30:00.000Z").wire()
        for receipts in (
            [stored, aside],
            [],
            [{**stored, "state": "perhaps"}],
            [{"state": "stored"}],
        )
    ]
    payload = json.dumps({"mission": "training"})
    sheets.append({"payload": payload, "signature": hub.key.sign("receipt", payload)})
    sheets.append({**sheets[0], "payload": sheets[0]["payload"].replace("stored", "stored ")})
    sheets.append({**sheets[0], "signature": hub.key.sign("change", sheets[0]["payload"])})
    broken = [{}, {"payload": "{"}, {"payload": 1, "signature": 2}, None, [], "x"]
    given = [(wire, m) for wire in (*sheets, *broken) for m in ("training", "other")]

    def ours(wire: Any, mission: str) -> Any:
        sheet, receipts = read_sheet(wire, mission, hub.key.public, PublicKeys())
        return {"issuer": issuer_of(wire), "sheet": asdict(sheet), "receipts": receipts}

    calls = [
        {"call": "sheet", "wire": wire, "mission": mission, "key": hub.key.public}
        for wire, mission in given
    ]
    compare(twin, calls, [told(ours, *one) for one in given])


# Rules


def file_of(checklist: Checklist) -> dict[str, Any]:
    """A checklist as the shell gives it to the client."""
    (name,) = [e["file"] for e in published() if e["sha256"] == checklist.sha256]
    body = (ROOT / "schemas" / "checklists" / name).read_bytes()
    return {**json.loads(body), "sha256": checklist.sha256}


@pytest.fixture(scope="session")
def judge(twin: Ask) -> Ask:
    """Asks about answers and observations, with the checklists at hand."""
    lists = [
        {"call": "checklist", "name": name, "json": file_of(get())}
        for name, get in CHECKLISTS.items()
    ]
    return lambda calls: twin([*lists, *calls])[len(lists) :]


def test_answers_are_judged_alike(judge: Ask) -> None:
    dice, items = random.Random(8), list(extended_checklist().items.values())
    chosen = [dice.choice(items) for _ in range(5000)]
    answers = [twin_sittings.bad_answer(dice, item) for item in chosen]
    calls = [
        {"call": "answer", "checklist": "extended", "item": item.id, "answer": answer}
        for item, answer in zip(chosen, answers, strict=True)
    ]
    given = zip(chosen, answers, strict=True)
    compare(judge, calls, [{"problems": check_answer(*one)} for one in given])


def target_of(target: Target) -> dict[str, Any]:
    found = asdict(target)
    found["sameForAll"] = found.pop("same_for_all")
    return found


def problem_of(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "key": problem.key}


def verdict(found: Assessment, observation: Mapping[str, Any]) -> dict[str, Any]:
    """An assessment as the JavaScript side gives it."""
    return {
        "targets": [target_of(target) for target in found.targets],
        "missing": [problem_of(problem) for problem in found.missing],
        "inconsistent": [problem_of(problem) for problem in found.inconsistent],
        "sections": {id_: asdict(progress) for id_, progress in found.sections.items()},
        "critical": [target_of(target) for target in found.critical],
        "blocking": [problem.key for problem in found.blocking(observation)],
    }


def test_five_hundred_observations_are_judged_alike(judge: Ask) -> None:
    dice = random.Random(9)
    calls, ours = [], []
    for _ in range(500):
        name = dice.choice(list(CHECKLISTS))
        checklist = CHECKLISTS[name]()
        case, hearing, persons, observation = twin_sittings.sitting(dice, checklist)
        mine = verdict(assess(checklist, case, hearing, persons, observation), observation)
        ours.append({**mine, "offered": proposals(checklist, hearing, persons, observation)})
        told_sitting = {"given": case, "hearing": hearing, "persons": persons}
        calls.append(
            {"call": "observation", "checklist": name, **told_sitting, "observation": observation}
        )
    compare(judge, calls, ours)
    codes = {problem["code"] for one in ours for problem in one["inconsistent"]}
    assert len(codes) == 10
    assert len({path for one in ours for path in one["offered"]}) == 6


def micros(at: object) -> str | None:
    """A moment as the JavaScript side has it."""
    when = moment_of(at)
    if when is None:
        return None
    return str((when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def test_times_of_entries_are_read_alike(twin: Ask) -> None:
    dice = random.Random(10)
    given = [twin_sittings.at(dice) for _ in range(10_000)]
    ours = [{"micros": micros(at)} for at in given]
    compare(twin, [{"call": "moment", "at": at} for at in given], ours)
    assert 2000 < sum(one["micros"] is not None for one in ours) < 8000


def test_what_is_late_is_late_on_both_sides(twin: Ask) -> None:
    dice = random.Random(11)
    given = [twin_sittings.log(dice) for _ in range(2000)]
    ours: list[Any] = [
        {
            "gaps": [{"from": gap.since, "until": gap.until} for gap in phone_gaps(observation)],
            "late": sorted(late_entries(observation)),
        }
        for observation in given
    ]
    compare(twin, [{"call": "late", "observation": one} for one in given], ours)
    assert sum(bool(one["late"]) for one in ours) > 200
    assert sum(len(one["gaps"]) > 1 for one in ours) > 50


def test_zones_are_taken_and_refused_alike(twin: Ask) -> None:
    names = sorted(ZONES)
    given = [*names, *(change(n) for n in names for change in (str.lower, str.upper, str.swapcase))]
    given += ["Factory", "localtime", "posixrules", "Nowhere/Land", "+01:00", ""]
    ours = [{"taken": zone_of(name) is not None} for name in given]
    compare(twin, [{"call": "zone", "name": name} for name in given], ours)
    assert all(one["taken"] for one in ours[: len(names)])

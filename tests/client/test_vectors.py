"""The vectors that JavaScript runs too, on the Python side: payloads, changes, folds, proposals."""

import json
from datetime import datetime
from importlib import resources
from typing import Any

import pytest
from nacl.signing import SigningKey

from schemas.derive import proposals
from schemas.envelope import is_instant
from schemas.library import extended_checklist
from sync.change import (
    Change,
    Signer,
    envelope_of,
    kept_hash,
    make_change,
    read_change,
    read_erased,
)
from sync.errors import SyncError
from sync.fold import fold
from sync.keys import DeviceKey, PublicKeys, fingerprint, from_b64url
from sync.profile import dump_payload, parse_payload


def vectors(name: str) -> Any:
    return json.loads(resources.files("schemas").joinpath("vectors", name).read_bytes())


PAYLOAD, CHANGE, FOLD, DERIVE = (
    vectors(f"{name}.json") for name in ("payload", "change", "fold", "derive")
)
KEY = DeviceKey(SigningKey(from_b64url(CHANGE["signer"]["seed"])))
SIGNER = Signer(*(CHANGE["signer"][name] for name in ("mission", "device", "author")), KEY)


def name(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", [*PAYLOAD["cases"], *PAYLOAD["sizes"]], ids=name)
def test_payload(case: dict[str, Any]) -> None:
    before, part, times, after = case.get("repeat", ("", "", 0, case.get("text")))
    text = before + part * times + after
    if case["refused"] is None:
        assert dump_payload(parse_payload(text)) == text
        return
    with pytest.raises(SyncError) as refused:
        parse_payload(text)
    assert refused.value.code == case["refused"]


@pytest.mark.parametrize("case", CHANGE["made"], ids=name)
def test_change_is_made(case: dict[str, Any]) -> None:
    made = make_change(SIGNER, **case["change"])
    assert (made.payload, made.hash, made.signature) == (
        case["payload"],
        case["hash"],
        case["signature"],
    )
    assert envelope_of(made.payload) == case["envelope"]
    assert kept_hash(case["envelope"], made.signature) == case["kept"]


@pytest.mark.parametrize("case", CHANGE["read"], ids=name)
def test_change_is_read_or_refused(case: dict[str, Any]) -> None:
    if case["refused"] is None:
        found = read_change(case["payload"], "signature")
        assert (found.counts, found.later) == (case["counts"], case["later"])
        return
    with pytest.raises(SyncError) as refused:
        read_change(case["payload"], "signature")
    assert refused.value.code == case["refused"]


@pytest.mark.parametrize("case", CHANGE["erased"], ids=name)
def test_erased_change(case: dict[str, Any]) -> None:
    given = [case[key] for key in ("envelope", "signature", "hash", "restated")]
    if "refused" in case:
        with pytest.raises(SyncError) as refused:
            read_erased(*given)
        assert refused.value.code == case["refused"]
        return
    found = read_erased(*given)
    assert found.erased
    assert [found.author, found.set, found.counts] == [case[k] for k in ("author", "set", "counts")]


@pytest.mark.parametrize("case", CHANGE["instants"], ids=lambda case: ascii(case["text"]))
def test_instant(case: dict[str, Any]) -> None:
    assert is_instant(case["text"]) == (case["seconds"] is not None)
    if case["seconds"] is not None:
        assert datetime.fromisoformat(case["text"]).timestamp() == case["seconds"]


def test_signatures() -> None:
    signer = CHANGE["signer"]
    assert (KEY.public, fingerprint(KEY.public)) == (signer["public_key"], signer["fingerprint"])
    for each in CHANGE["signatures"]:
        assert KEY.sign(each["purpose"], each["payload"]) == each["signature"]
        PublicKeys().check(KEY.public, each["purpose"], each["payload"], each["signature"])


@pytest.mark.parametrize("case", FOLD["cases"], ids=name)
def test_fold(case: dict[str, Any]) -> None:
    changes = [
        Change(
            *("", "", each["hash"], "training", "device", 1, "", each["author"], "observation"),
            *("record", tuple(each["parents"]), each["recorded_at"], each["set"]),
            counts=each["counts"],
        )
        for each in case["changes"]
    ]
    found = fold(reversed(changes))
    said = {
        "values": found.values,
        "shown": {path: version.hash for path, version in found.origins.items()},
        "conflicts": {p: [each.hash for each in them] for p, them in found.conflicts.items()},
        "heads": list(found.heads),
    }
    # As text, for to Python True is 1.
    assert json.dumps(said, sort_keys=True) == json.dumps(case["expect"], sort_keys=True)


@pytest.mark.parametrize("case", DERIVE["cases"], ids=name)
def test_proposals(case: dict[str, Any]) -> None:
    offered = proposals(
        extended_checklist(),
        case["hearing"],
        case.get("persons", DERIVE["persons"]),
        case["observation"],
    )
    assert offered == case["expect"]
    turned = dict(reversed(case["observation"].items()))
    persons = case.get("persons", DERIVE["persons"])
    assert proposals(extended_checklist(), case["hearing"], persons, turned) == offered

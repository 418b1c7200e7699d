"""Invitations are good once, sign-ins too, and guessing is slow."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hub_process import MISSION, Device, Process, Running, fails, new_hub
from uuid6 import uuid7

from review.errors import NotAcceptable
from review.store.enrolment import WRONG_WITHIN, EnrolmentStore
from sync.change import Signer
from sync.clock import utc_now
from sync.intake import AT_LAPTOP, check_batch, take
from sync.invitation import Invitation, enrol_body, read_invitation, token_body
from sync.keys import DeviceKey, PublicKeys, fingerprint
from sync.log import Log
from sync.wires import wires


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    """A fresh headquarters and its process."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    yield Running(hub, process)
    said = process.stop()
    hub.close()
    assert said == "", said


def invited(at: Running, author: str = "OBS-1", seconds: float = 600) -> Invitation:
    return at.hub.invite(MISSION, author, "observer", seconds, at.process.address)


def sign_in(enrolled: Device, hub: str, **changed: Any) -> dict[str, str]:
    signer = replace(enrolled.signer, **changed)
    return token_body(hub, signer.mission, signer.device, signer.key, utc_now())


def test_an_invitation_enrols_and_lets_the_device_check_what_headquarters_wrote(
    at: Running, tmp_path: Path
) -> None:
    invitation = read_invitation(invited(at).text())
    device, key = str(uuid7()), DeviceKey.generate()
    answer = at.process.enrol(invitation, device, key).json
    assert (answer["mission"], answer["author"], answer["role"]) == (MISSION, "OBS-1", "observer")
    assert answer["practice"] is True
    assert fingerprint(answer["hub"]["public_key"]) == invitation.hub
    log = Log(tmp_path / "laptop.db")
    with log.writing():
        log.trust_hub(answer["hub"]["device"], answer["hub"]["public_key"])
    batch = check_batch(log, MISSION, wires({"changes": answer["changes"]}), PublicKeys())
    with log.writing():
        outcome = take(log, batch, utc_now(), node=AT_LAPTOP)
    assert {one["state"] for one in outcome.receipts} == {"stored"}
    assert not outcome.stopped
    found = log.device(device)
    log.close()
    assert found is not None
    assert (found.author, found.public_key) == ("OBS-1", key.public)


def test_of_many_who_use_one_code_at_once_exactly_one_comes_in(at: Running) -> None:
    invitation, answers = invited(at), []
    together = threading.Barrier(8)

    def try_it() -> None:
        together.wait()
        answers.append(at.process.enrol(invitation))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] + [410] * 7
    assert {a.json["code"] for a in answers if a.status == 410} == {"code_used"}


def test_an_invitation_that_has_run_out_is_gone(at: Running) -> None:
    fails(at.process.enrol(invited(at, seconds=-1)), 410, "code_used")


def test_after_five_wrong_codes_a_wrong_one_waits_and_a_right_one_does_not(at: Running) -> None:
    good = invited(at)
    wrong = replace(good, code="wrong")
    for _ in range(5):
        fails(at.process.enrol(wrong), 403, "wrong_code")
    sixth = at.process.enrol(wrong)
    fails(sixth, 429, "too_many_tries")
    assert int(sixth.headers["retry-after"]) > 0
    assert at.process.enrol(good).status == 200


def test_the_same_device_may_ask_again_when_the_answer_was_lost(at: Running) -> None:
    invitation, device, key = invited(at), str(uuid7()), DeviceKey.generate()
    first = at.process.enrol(invitation, device, key).json
    again = at.process.enrol(invitation, device, key).json
    assert again["changes"] == first["changes"]
    assert again["token"] != first["token"]
    fails(at.process.enrol(invitation, device, DeviceKey.generate()), 410, "code_used")
    fails(at.process.enrol(invitation), 410, "code_used")


def test_an_invitation_may_wait_for_the_lead_and_its_time_runs_from_then_on(at: Running) -> None:
    made = at.hub.invite(MISSION, "OBS-1", "observer", 60, at.process.address, active=False)
    fails(at.process.enrol(made), 403, "code_not_active")
    number = at.hub.store.invitations(MISSION)[-1].number
    at.hub.activate(MISSION, number)
    assert at.process.enrol(made).status == 200
    with pytest.raises(NotAcceptable):
        at.hub.activate(MISSION, number)


def test_a_code_may_be_typed_in_any_way_with_the_beginning_of_the_fingerprint(
    at: Running,
) -> None:
    made = invited(at)
    typed = replace(made, code=made.code.lower().replace("-", " ").replace("0", "o"))
    fails(at.process.enrol(replace(typed, hub=made.hub[:12])), 403, "wrong_code")
    assert at.process.enrol(replace(typed, hub=made.hub[:16])).status == 200


def test_a_device_signs_in_until_its_day_is_over(at: Running) -> None:
    for until, status in (("2020-01-01T00:00:00Z", 403), ("2999-01-01T00:00:00Z", 200)):
        made = at.hub.invite(
            MISSION, "OBS-1", "observer", 600, at.process.address, device_expires_at=until
        )
        key, id_ = DeviceKey.generate(), str(uuid7())
        token = at.process.enrol(made, id_, key).json["token"]
        device = Device(Signer(MISSION, id_, "OBS-1", key), token)
        assert at.process.push(device, device.change()).status == status
        body = sign_in(device, made.hub)
        assert at.process.post("token", body).status == status


def test_the_wait_ends_and_the_invitation_is_still_good(tmp_path: Path) -> None:
    time = [1000.0]
    store = EnrolmentStore(tmp_path / "hub.db", lambda: time[0])
    for _ in range(5):
        assert store.wait_for_tries() == 0
        store.add_wrong_try()
        time[0] += 1
    assert 0 < store.wait_for_tries() <= WRONG_WITHIN
    time[0] = 1000.0 + WRONG_WITHIN
    assert store.wait_for_tries() == 0
    store.close()


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"mission": "elsewhere"}, 403, "wrong_code"),
        ({"hub": "0" * 64}, 403, "wrong_code"),
    ],
)
def test_an_invitation_for_something_else_is_wrong(
    at: Running, changed: dict[str, Any], status: int, code: str
) -> None:
    fails(at.process.enrol(replace(invited(at), **changed)), status, code)


@pytest.mark.parametrize("purpose", ["change", "receipt", "token"])
def test_a_proof_for_another_purpose_leaves_the_invitation_good(at: Running, purpose: str) -> None:
    invitation, key = invited(at), DeviceKey.generate()
    body = enrol_body(invitation, str(uuid7()), key, utc_now())
    forged = {**body, "signature": key.sign(purpose, body["payload"])}
    fails(at.process.post("enrol", forged), 403, "wrong_code")
    assert at.process.enrol(invitation).status == 200


def test_a_device_id_that_is_taken_is_refused_and_keeps_its_key(at: Running) -> None:
    device = at.device()
    invitation = invited(at, "OBS-2")
    fails(at.process.enrol(invitation, device.signer.device), 400, "bad_request")
    fails(at.process.enrol(invitation, "not-a-uuid"), 400, "bad_request")
    assert at.process.push(device, device.change()).json["stopped"] == {}
    assert at.process.enrol(invitation).status == 200


def test_a_signed_text_gives_one_fresh_token(at: Running) -> None:
    device, hub = at.device(), invited(at).hub
    body = sign_in(device, hub)
    answer = at.process.post("token", body)
    assert answer.status == 200
    device.token = answer.json["token"]
    assert at.process.push(device, device.change()).status == 200
    fails(at.process.post("token", body), 401, "signed_out")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"mission": "elsewhere"}, 404, "unknown_mission"),
        ({"device": str(uuid7())}, 403, "unknown_device"),
        ({"device": "x"}, 403, "unknown_device"),
        ({"key": DeviceKey.generate()}, 422, "bad_signature"),
    ],
)
def test_a_sign_in_that_is_not_the_devices(
    at: Running, changed: dict[str, Any], status: int, code: str
) -> None:
    body = sign_in(at.device(), invited(at).hub, **changed)
    fails(at.process.post("token", body), status, code)


def test_a_sign_in_for_another_headquarters_is_refused(at: Running) -> None:
    fails(at.process.post("token", sign_in(at.device(), "0" * 64)), 401, "signed_out")


def test_a_revoked_device_gets_no_token(at: Running) -> None:
    device, hub = at.device(), invited(at).hub
    at.hub.revoke(MISSION, device.signer.device)
    fails(at.process.post("token", sign_in(device, hub)), 403, "device_revoked")


@pytest.mark.parametrize("call", ["enrol", "token"])
@pytest.mark.parametrize("body", [None, [], {}, {"payload": "x"}, {"payload": 1, "signature": "x"}])
def test_a_body_of_another_shape(at: Running, call: str, body: object) -> None:
    fails(at.process.post(call, body), 400, "bad_request")


def test_secrets_are_kept_as_hashes_alone(at: Running) -> None:
    invitation, device = invited(at), at.device()
    kept = b"".join(path.read_bytes() for path in at.hub.instance.glob("hub.db*"))
    assert invitation.code.encode() not in kept
    assert device.token.encode() not in kept


def test_a_mission_made_while_ingest_runs_is_found(at: Running) -> None:
    at.hub.create("second", "Fictional", "UTC", practice=True)
    invitation = at.hub.invite("second", "OBS-1", "observer", 600, at.process.address)
    key, id_ = DeviceKey.generate(), str(uuid7())
    token = at.process.enrol(invitation, id_, key).json["token"]
    device = Device(Signer("second", id_, "OBS-1", key), token)
    assert at.process.push(device, device.change()).json["stopped"] == {}

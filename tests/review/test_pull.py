"""What headquarters gives to whom, over real HTTP: whole records, late visibility, forgetting."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fleet import Phone, new_phone
from hub_process import MISSION, Process, Running, fails, new_hub
from uuid6 import uuid7

from sync.session import condition

Make = Callable[[str], Phone]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One headquarters for all tests of this file."""
    hub = new_hub(tmp_path_factory.mktemp("pull") / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    yield Running(hub, process)
    said = process.stop()
    hub.close()
    assert said == "", said


@pytest.fixture
def phone(at: Running, tmp_path: Path) -> Iterator[Make]:
    """Makes devices of authors."""
    made: list[Phone] = []

    def make(author: str) -> Phone:
        made.append(new_phone(at, tmp_path, author))
        return made[-1]

    yield make
    for one in made:
        one.close()


def author() -> str:
    return f"OBS-{uuid7().hex[-8:]}"


def test_a_replacement_phone_gets_all_that_its_author_wrote_and_no_more(phone: Make) -> None:
    anna, other = phone(author()), phone(author())
    case, observation, foreign = (str(uuid7()) for _ in range(3))
    anna.write("case", case, {"title": "Case (fictional)"})
    anna.write("observation", observation, {"case": case, "mode": "full"})
    other.write("case", foreign, {"title": "Another (fictional)"})
    anna.sync()
    other.sync()
    replacement = phone(anna.signer.author)
    replacement.sync()
    assert replacement.folded(observation).values["mode"] == "full"
    assert replacement.folded(case).values["title"] == "Case (fictional)"
    assert not replacement.log.changes_of(foreign)
    # Nothing of it is waiting, and both go on writing the same record.
    assert replacement.log.count_unreceived() == 0
    replacement.write("observation", observation, {"mode": "quick"})
    replacement.sync()
    anna.sync()
    assert anna.folded(observation).values["mode"] == "quick"
    assert not anna.folded(observation).conflicts


def test_an_assignment_shows_what_was_there_before_and_after_it(at: Running, phone: Make) -> None:
    anna, ben = phone(author()), phone(author())
    case, person, hearing, observation = (str(uuid7()) for _ in range(4))
    anna.write("case", case, {"title": "Case (fictional)"})
    anna.write("person", person, {"case": case, "code": "A1", "role": "accused"})
    anna.write("observation", observation, {"case": case, "mode": "full"})
    anna.sync()
    ben.sync()
    assert not ben.log.changes_of(case)
    at.hub.assign(MISSION, case, ben.signer.author)
    anna.write("hearing", hearing, {"case": case, "date": "2026-03-02"})
    anna.sync()
    brought = ben.sync().pulled.new
    assert (brought["case"], brought["person"], brought["hearing"]) == (1, 1, 1)
    assert not ben.log.changes_of(observation)
    ben.write("case", case, {"court": "District court (fictional)"})
    assert ben.sync().pushed.clean
    anna.sync()
    assert anna.folded(case).values["court"] == "District court (fictional)"


def test_two_who_write_one_field_apart_both_see_both_and_one_settles(
    at: Running, phone: Make
) -> None:
    anna, ben = phone(author()), phone(author())
    case = str(uuid7())
    anna.write("case", case, {"title": "First (fictional)"})
    anna.sync()
    at.hub.assign(MISSION, case, ben.signer.author)
    ben.sync()
    anna.write("case", case, {"court": "North"})
    ben.write("case", case, {"court": "South"})
    for one in (anna, ben, anna):
        one.sync()
    for one in (anna, ben):
        versions = one.folded(case).conflicts["court"]
        assert {(v.value, v.author) for v in versions} == {
            ("North", anna.signer.author),
            ("South", ben.signer.author),
        }
    ben.write("case", case, {"court": "North"})
    for one in (ben, anna):
        one.sync()
    for one in (anna, ben):
        assert not one.folded(case).conflicts
        assert one.folded(case).values["court"] == "North"


def test_what_is_out_of_sight_is_forgotten_and_comes_back_with_a_new_assignment(
    at: Running, phone: Make
) -> None:
    anna, ben = phone(author()), phone(author())
    case, person = str(uuid7()), str(uuid7())
    anna.write("case", case, {"title": "Case (fictional)"})
    anna.write("person", person, {"case": case, "code": "A1", "role": "accused"})
    anna.sync()
    assigned = at.hub.assign(MISSION, case, ben.signer.author)
    ben.sync()
    ben.write("case", case, {"court": "Mine"})
    ben.sync()
    at.hub.unassign(MISSION, case, ben.signer.author)
    found = ben.sync().pulled
    assert set(found.forgotten) == {case, person}
    assert not ben.log.changes_of(person)
    # What Ben wrote himself stays with him.
    assert [change.author for change in ben.log.changes_of(case)] == [ben.signer.author]
    assert not ben.sync().pulled.forgotten
    ben.write("case", case, {"court": "Not mine any more"})
    assert [r["code"] for r in ben.sync().pushed.quarantined] == ["not_allowed"]
    again = at.hub.assign(MISSION, case, ben.signer.author)
    assert again.record != assigned.record
    ben.sync()
    assert ben.folded(person).values["code"] == "A1"
    assert ben.folded(case).values["title"] == "Case (fictional)"


def test_a_pull_in_small_pages_brings_the_same_as_one_and_resumes_after_a_stop(
    at: Running, phone: Make
) -> None:
    anna = phone(author())
    for number in range(7):
        anna.write("observation", str(uuid7()), {"mode": "full", "started_at": str(number)})
    anna.sync()
    replacement = phone(anna.signer.author)
    replacement.sync(going_on=lambda: False)
    assert replacement.log.count_unreceived() == 0
    cursor, got = "", []
    replacement.sync(going_on=lambda: True)
    while True:
        answer = replacement.transport.get("pull", cursor=cursor, limit=2)
        got += answer["changes"]
        assert len(answer["changes"]) <= 2
        cursor = answer["cursor"]
        if not answer["more"]:
            break
    at_once = replacement.transport.get("pull", limit=500)
    assert got == at_once["changes"]
    assert not replacement.transport.get("pull", cursor=cursor)["changes"]


def test_a_cursor_that_nobody_gave_is_refused(at: Running, phone: Make) -> None:
    one = phone(author())
    one.sync()
    for cursor in ("x", "a.b.c", f"{one.log.meta('epoch')}.1.x"):
        answer = at.process.ask(
            "GET", f"pull?cursor={cursor}", Authorization=f"Bearer {one.transport.token}"
        )
        fails(answer, 400, "bad_request")
    fails(at.process.ask("GET", "pull"), 401, "signed_out")


def test_one_who_may_see_nothing_else_learns_of_mission_and_devices_only(phone: Make) -> None:
    kinds = set(phone(author()).sync().pulled.new)
    assert kinds <= {"mission", "device", "checklist"}


def test_being_revoked_is_a_state_and_what_others_carry_is_kept_apart(
    at: Running, phone: Make
) -> None:
    anna, ben = phone(author()), phone(author())
    anna.sync()
    at.hub.revoke(MISSION, anna.signer.device)
    change = anna.write("observation", str(uuid7()), {"mode": "full"})
    anna.transport.token = ""
    with pytest.raises(Exception, match="revoked"):
        anna.sync()
    state = condition(anna.log)
    assert state is not None
    assert state.code == "device_revoked"
    assert anna.log.count_unreceived() == 1
    ben.sync()
    answer = ben.transport.post("push", {"changes": [change.wire()]})
    (receipt,) = at.receipts(*answer["receipts"])
    assert (receipt["state"], receipt["code"]) == ("quarantined", "device_revoked")


def test_a_change_of_a_later_version_is_stored_and_flagged(at: Running) -> None:
    device = at.device(author())
    change = device.change()
    later = change.payload.replace('{"v":1,', '{"v":2,"mood":"later",', 1)
    signature = device.signer.key.sign("change", later)
    wire = {"payload": later, "signature": signature}
    answer = at.process.post("push", {"changes": [wire]}, device.token).json
    (receipt,) = at.receipts(*answer["receipts"])
    assert (receipt["state"], receipt["code"]) == ("quarantined", "unknown_version")
    device.seq, device.prev = 1, receipt["hash"]  # type: ignore[assignment]
    following = at.process.push(device, device.change()).json
    assert not following["stopped"]

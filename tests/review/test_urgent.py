"""Urgent notices from a phone to headquarters and its word back, over real HTTP and commands."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fleet import Phone, new_phone
from headquarters import Headquarters
from hub_process import MISSION, Process, Running, environment, new_hub
from uuid6 import uuid7

from review.erasing import Order, erase
from review.follower import projecting
from review.reviewers import add_reviewer
from review.urgent import acknowledge
from schemas.incident import incident_code

Make = Callable[[str], Phone]
OPENED = "2026-03-02T09:30:00.000Z"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One headquarters for all tests of this file."""
    hub = new_hub(tmp_path_factory.mktemp("urgent") / "hub")
    add_reviewer(hub.store, "vera", "reviewer", MISSION, "a long fictional one")
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


def hub_command(at: Running, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ``observer-hub`` to its end, beside the running ingest."""
    return subprocess.run(
        [sys.executable, "-m", "review.cli", *arguments],
        env=environment(at.hub.instance),
        capture_output=True,
        text=True,
        timeout=60,
    )


def raised(one: Phone, kind: str = "urgent", **fields: object) -> str:
    """An incident that has arrived at headquarters."""
    record = str(uuid7())
    shown = {"kind": kind, "needs": ["doctor"], "code": incident_code(record), **fields}
    one.write("incident", record, {"opened_at": OPENED, "practice": True, **shown})
    assert one.sync().pushed.clean
    return record


def reviews_on(one: Phone) -> dict[str, list[str]]:
    """The reviews that a device has, by what they are of."""
    found: dict[str, list[str]] = {}
    for record in one.log.records("review"):
        found.setdefault(str(one.folded(record).values.get("incident")), []).append(record)
    return found


def test_an_acknowledgement_reaches_all_devices_of_the_author_and_nobody_else(
    at: Running, phone: Make
) -> None:
    anna, ben = phone(author()), phone(author())
    case, observation = str(uuid7()), str(uuid7())
    anna.write("case", case, {"title": "Case (fictional)"})
    anna.write("observation", observation, {"case": case, "mode": "full"})
    anna.sync()
    at.hub.assign(MISSION, case, ben.signer.author)
    incident = raised(anna, case=case, observation=observation, persons=[])
    acknowledge(at.hub, MISSION, incident, "vera", "A doctor is on the way (fictional).")
    second = phone(anna.signer.author)
    for one in (anna, second, ben):
        one.sync()
    for one in (anna, second):
        (review,) = reviews_on(one)[incident]
        told = one.folded(review)
        assert told.values == {
            "incident": incident,
            "of": list(one.folded(incident).heads),
            "decision": "acknowledged",
            "by": "vera",
            "comment": "A doctor is on the way (fictional).",
        }
        assert told.origins["decision"].author == "HQ"
    # Ben is assigned to the case and sees neither the incident nor the review.
    assert ben.log.changes_of(case)
    assert not ben.log.changes_of(incident)
    assert not reviews_on(ben)


def test_an_acknowledgement_that_was_signed_first_comes_with_a_device_that_had_pulled(
    at: Running, phone: Make
) -> None:
    """One phone is past the place of the review before its author's other phone hears of it."""
    anna, second = phone(author()), None
    incident = raised(anna)
    second = phone(anna.signer.author)
    second.sync()
    assert second.log.changes_of(incident)
    acknowledge(at.hub, MISSION, incident_code(incident), "vera")
    second.sync()
    assert reviews_on(second)[incident]
    cursor, got = "", []
    while True:
        answer = anna.transport.get("pull", cursor=cursor, limit=1)
        got += answer["changes"]
        cursor = answer["cursor"]
        if not answer["more"]:
            break
    assert got == anna.transport.get("pull", limit=500)["changes"]


def test_a_review_that_stands_before_its_incident_is_delivered_with_it(
    at: Running, phone: Make
) -> None:
    """As after a restore: what headquarters signed came back before the phone did."""
    anna = phone(author())
    anna.sync()
    incident = str(uuid7())
    log = at.hub.log(MISSION)
    with log.writing():
        fields = {"incident": incident, "decision": "acknowledged", "by": "vera"}
        at.hub.seat(log).write(log, "review", str(uuid7()), fields, at.hub.now)
    log.close()
    anna.sync()
    assert not reviews_on(anna)
    anna.write("incident", incident, {"kind": "urgent", "opened_at": OPENED})
    anna.sync()
    assert reviews_on(anna)[incident]


def test_nobody_writes_into_the_incident_of_another_or_acknowledges_one(
    at: Running, phone: Make
) -> None:
    anna, ben = phone(author()), phone(author())
    incident = raised(anna)
    ben.write("incident", incident, {"needs": []})
    ben.write("review", str(uuid7()), {"incident": incident, "decision": "acknowledged"})
    anna.write("review", str(uuid7()), {"incident": incident, "decision": "acknowledged"})
    assert [one["code"] for one in ben.sync().pushed.quarantined] == ["not_allowed"] * 2
    assert [one["code"] for one in anna.sync().pushed.quarantined] == ["not_allowed"]
    line = next(
        line
        for line in hub_command(at, "urgent", MISSION).stdout.splitlines()
        if line.endswith(incident)
    )
    assert "NOT ACKNOWLEDGED" in line
    assert "needs doctor" in line


def test_the_list_has_what_waits_first_and_what_was_added_later_waits_again(
    at: Running, phone: Make
) -> None:
    anna = phone(author())
    minor, arrival, grave = raised(anna, "incident"), raised(anna, "safe_arrival"), raised(anna)
    done = hub_command(at, "acknowledge", MISSION, incident_code(grave).lower(), "--by", "vera")
    assert done.returncode == 0, done.stderr
    assert incident_code(grave) in done.stdout

    def listed(*more: str) -> list[str]:
        lines = hub_command(at, "urgent", MISSION, *more).stdout.splitlines()
        return [line for line in lines if anna.signer.author in line]

    first, second = listed()
    assert (first.endswith(minor), second.endswith(grave)) == (True, True)
    assert "acknowledged by vera at " in second
    assert any(line.endswith(arrival) for line in listed("--all"))
    anna.write("incident", grave, {"needs": ["doctor", "consulate"]})
    anna.sync()
    assert "CHANGED SINCE it was acknowledged by vera" in listed()[0]
    assert "needs doctor, consulate" in listed()[0]
    anna.write("incident", grave, {"withdrawn": {"reason": "a mistake", "at": OPENED}})
    anna.sync()
    assert [line.endswith(minor) for line in listed()] == [True]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["acknowledge", MISSION, "ZZZZZZ", "--by", "vera"], "no incident"),
        (["acknowledge", MISSION, str(uuid7()), "--by", "vera"], "no incident"),
        (["acknowledge", MISSION, "ZZZZZZ", "--by", "nobody"], "not a reviewer"),
        (["urgent", "nothing"], "no mission"),
        (["mission", "set", MISSION], "Name what to set"),
        (["mission", "set", MISSION, "--phone", "call me"], "not a phone number"),
        (["mission", "set", MISSION, "--app-name", "x" * 31], "at most 30"),
        (["mission", "set", MISSION, "--title", " "], "keeps a title"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(at: Running, arguments: list[str], words: str) -> None:
    done = hub_command(at, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_phones_are_told_of_the_mission_arrives_and_is_taken_back(
    at: Running, phone: Make
) -> None:
    anna = phone(author())
    arguments = ("--phone", "+49 30 5550100", "--app-name", "Notes", "--emergency", "Call first.")
    assert hub_command(at, "mission", "set", MISSION, *arguments).returncode == 0
    anna.sync()
    (record,) = anna.log.records("mission")
    told = anna.folded(record).values
    assert [told[name] for name in ("phone", "app_name", "emergency")] == [
        *("+49 30 5550100", "Notes", "Call first."),
    ]
    assert hub_command(at, "mission", "set", MISSION, "--emergency", "").returncode == 0
    anna.sync()
    left = anna.folded(record).values
    assert (left.get("emergency"), left["phone"]) == (None, "+49 30 5550100")
    assert left["practice"] is True


def test_one_sees_who_else_is_assigned_and_to_which_hearing(at: Running, phone: Make) -> None:
    anna, ben, cara = phone(author()), phone(author()), phone(author())
    case, hearing, other = (str(uuid7()) for _ in range(3))
    anna.write("case", case, {"title": "Case (fictional)"})
    anna.write("hearing", hearing, {"case": case, "date": "2026-03-02"})
    anna.write("hearing", other, {"case": str(uuid7()), "date": "2026-03-02"})
    anna.sync()
    for one in (ben, cara):
        who = one.signer.author
        arguments = ("assign", MISSION, case, who, "--hearing", hearing)
        assert hub_command(at, *arguments).returncode == 0
    for one in (anna, ben, cara):
        one.sync()
        seen = [one.folded(record).values for record in one.log.records("assignment")]
        assert {(each["author"], each["hearing"], each["case"]) for each in seen} == {
            (ben.signer.author, hearing, case),
            (cara.signer.author, hearing, case),
        }
    refused = hub_command(at, "assign", MISSION, case, "OBS-9", "--hearing", other)
    assert "no hearing" in refused.stderr
    at.hub.unassign(MISSION, case, cara.signer.author)
    ben.sync()
    ended = [ben.folded(record).values.get("ended_at") for record in ben.log.records("assignment")]
    assert sorted(map(bool, ended)) == [False, True]


def test_what_is_erased_of_an_incident_leaves_the_notes(at: Running, phone: Make) -> None:
    anna = phone(author())
    incident = raised(anna)
    change = anna.write("incident", incident, {"text": "Unlucky words (fictional)."})
    anna.sync()
    assert "Unlucky words (fictional)." in notes(at)
    add_reviewer(at.hub.store, "paul", "reviewer", MISSION, "a long fictional one")
    order = Order((change.hash,), ("vera", "paul"), "It names somebody (fictional).", {})
    erase(at.hub, MISSION, order)
    assert "Unlucky words (fictional)." not in notes(at)


def notes(at: Running) -> list[str]:
    """The words of all notes, with the tables made from the log as it is now."""
    with projecting(at.hub.instance, MISSION, at.hub.log_path(MISSION)) as projector:
        while projector.catch_up():
            pass
        return [row["text"] for row in projector.texts["notes"].rows]


# The page


def pages(at: Running) -> Headquarters:
    """The Datasette over this headquarters, with its tables made from the log as it is now."""
    notes(at)
    return Headquarters(at.hub.instance)


def test_the_page_lists_what_is_urgent_with_age_and_acknowledgement(
    at: Running, phone: Make
) -> None:
    anna = phone(author())
    case, person, hearing = (str(uuid7()) for _ in range(3))
    anna.write("case", case, {"title": "Case (fictional)"})
    anna.write("person", person, {"case": case, "code": "A1", "role": "accused"})
    anna.write("hearing", hearing, {"case": case, "number": 2, "time_zone": "Europe/Berlin"})
    words = "Help <b>soon</b> (fictional)."
    grave = raised(anna, case=case, hearing=hearing, persons=[person], text=words)
    minor, arrival = raised(anna, "incident"), raised(anna, "safe_arrival")
    acknowledge(at.hub, MISSION, minor, "vera", "We know (fictional).")
    hq = pages(at)
    try:
        answer = hq.get(f"/-/missions/{MISSION}", "vera")
        data = hq.get(f"/-/missions/{MISSION}.json", "vera").json
        for who in ("omar", "paul", "anna", "nora", None):
            assert hq.get(f"/-/missions/{MISSION}", who).status == 403
        sql = f"/{MISSION}/-/query.json?sql=select+*+from+incidents+where+id='{grave}'&_shape=array"
        (row,) = hq.get(sql, "paul").json
        assert hq.get(sql, "omar").status == 403
        notes = f"/{MISSION}_text/notes?_search=fictional"
        assert hq.get(notes, "paul").status == 403
    finally:
        hq.close()
    assert "Help &lt;b&gt;soon&lt;/b&gt; (fictional)." in answer.text
    assert "We know (fictional)." in answer.text
    by_id = {one["id"]: one for one in data["urgent"]}
    assert [one["id"] for one in data["urgent"]].index(grave) < list(by_id).index(minor)
    assert arrival in [one["id"] for one in data["safe_arrivals"]]
    told = by_id[grave]
    assert (told["code"], told["at_risk"], told["waits"]) == (incident_code(grave), "A1", True)
    assert (told["hearing_label"], told["opened"]) == ("Hearing 2", "2026-03-02 10:30")
    assert told["needs"] == [{"code": "doctor", "label": "a doctor"}]
    assert "day" in told["age"]
    assert (by_id[minor]["acknowledged_by"], by_id[minor]["waits"]) == ("vera", False)
    # The words of an incident stand in no table that SQL may touch.
    assert "Help" not in str(row)
    assert (row["needs"], row["persons"]) == ('["doctor"]', f'["{person}"]')

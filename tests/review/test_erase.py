"""What is erased is in no file any more, here or on a laptop; that it was there stays proved."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from uuid6 import uuid7

from review.cli import main
from review.erasing import Order, erase, history
from review.errors import NotErased
from review.follower import projecting
from review.hub import Hub
from review.verification import verify_mission
from sync.blobs import BlobStore
from sync.clock import utc_now
from sync.projection import Projector
from sync.projection.scrub import scrub
from tests.fleet import Phone, new_phone
from tests.review.custody import CANARY, add_reviewers, holding, script
from tests.review.hub_process import MISSION, Process, Running, new_hub, wait_for

LONG = f"{CANARY} " * 400  # over more than one page of the file
BY = ["vera", "paul"]
WORD = "Nachtigall-Erika-0815"  # in another change, that stays


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    """A headquarters that runs with its projector, and two reviewers."""
    hub = new_hub(tmp_path / "hub")
    add_reviewers(hub, *BY)
    process = Process(hub.instance)
    process.start()
    yield Running(hub, process)
    said = process.stop()
    hub.close()
    assert said == "", said


@pytest.fixture
def anna(at: Running, tmp_path: Path) -> Iterator[Phone]:
    """A phone whose author wrote what is to be erased."""
    phone = new_phone(at, tmp_path / "anna", "OBS-1")
    yield phone
    phone.close()


def write_case(phone: Phone) -> tuple[str, str, list[str]]:
    """A case and an observation with much text; the hashes that hold the canary."""
    case, observation, entry = (str(uuid7()) for _ in range(3))
    first = phone.write("case", case, {"title": f"Case {CANARY} (fictional)", "court": "North"})
    phone.write("case", case, {"court": WORD})
    path = f"log/{entry}/text"
    phone.write("observation", observation, {"case": case, "mode": "full"})
    second = phone.write("observation", observation, {path: LONG})
    for number in range(30):
        phone.write(
            "observation", str(uuid7()), {"case": case, "mode": ("full", "quick")[number % 2]}
        )
    return case, observation, [first.hash, second.hash]


def tables_at(hub: Hub) -> int:
    """How far the tables have come."""
    with projecting(hub.instance, MISSION, hub.log_path(MISSION)) as projector:
        return projector.position


def caught_up(hub: Hub) -> bool:
    """Whether the projector has taken in everything."""
    log = hub.log(MISSION)
    try:
        return tables_at(hub) == log.position()
    finally:
        log.close()


def test_what_is_erased_is_in_no_file_of_anybody(at: Running, anna: Phone, tmp_path: Path) -> None:
    case, observation, hashes = write_case(anna)
    sha256, _ = store_blob(at.hub, f"photo of {CANARY}")
    photo = {"observation": observation, "sha256": sha256, "size": 10, "type": "image/png"}
    hashes.append(anna.write("attachment", str(uuid7()), photo).hash)
    anna.sync()
    wait_for(lambda: caught_up(at.hub), 20)
    instance, laptop = at.hub.instance, anna.log.path.parent
    before = holding(instance, CANARY)
    assert {name.split("/")[0] for name in before} == {"log", "projections", "blobs"}
    assert holding(laptop, CANARY)
    erased = erase(at.hub, MISSION, Order(hashes, BY, "A source (fictional)", {}))
    assert (erased.changes, erased.files, erased.everywhere) == (3, 1, True)
    wait_for(lambda: caught_up(at.hub), 20)
    assert holding(instance, CANARY) == []
    assert holding(instance, WORD) != []
    # The laptop, its tables, and a replacement phone.
    anna.sync()
    projector = Projector(anna.log, laptop / "p" / "facts.db", laptop / "p" / "text.db")
    assert scrub(projector)
    projector.close()
    assert holding(laptop, CANARY) == []
    assert anna.folded(case).values == {"court": WORD}
    replacement = new_phone(at, tmp_path / "new", "OBS-1")
    replacement.sync()
    kept = replacement.log.changes_of(case)
    assert {change.hash: change.erased for change in kept}[hashes[0]]
    assert replacement.log.erased(hashes[0]) == erased.erasures[0]
    assert replacement.folded(case).values == {"court": WORD}
    replacement.close()
    assert holding(tmp_path / "new", CANARY) == []


def store_blob(hub: Hub, text: str) -> tuple[str, int]:
    """A whole file at headquarters."""
    path = hub.instance.parent / "photo"
    path.write_text(text)
    with path.open("rb") as file:
        found = BlobStore(hub.blobs_path(MISSION)).add(file)
    path.unlink()
    return found


def test_it_stays_proved_and_headquarters_words_stand_in_its_place(
    at: Running, anna: Phone
) -> None:
    case, _, hashes = write_case(anna)
    anna.sync()
    lines = list(history(at.hub, MISSION, case))
    assert lines[0] == f"case {case}"
    assert lines[1].startswith(f"{hashes[0]} OBS-1 ")
    assert lines[1].endswith(": court, title")
    restated = {"title": "Case 1 (fictional)"}
    erased = erase(at.hub, MISSION, Order(hashes, BY, "A name (fictional)", restated))
    assert f"erased by {erased.erasures[0]}" in list(history(at.hub, MISSION, case))[1]
    found = verify_mission(at.hub.instance, MISSION)
    assert found.sound, found.faults
    assert found.counts["erased"] == 2
    assert not script().check(str(at.hub.log_path(MISSION))).wrong
    anna.sync()
    title = anna.folded(case).origins["title"]
    assert (title.value, title.author) == ("Case 1 (fictional)", "HQ")
    # What the author writes from now on counts again.
    anna.write("case", case, {"title": "Another (fictional)"})
    anna.sync()
    assert anna.folded(case).values["title"] == "Another (fictional)"
    assert verify_mission(at.hub.instance, MISSION).sound


def test_many_are_erased_at_once(at: Running, anna: Phone) -> None:
    record = str(uuid7())
    hashes = [
        anna.write("observation", record, {"mode": ("full", "quick")[n % 2]}).hash
        for n in range(230)
    ]
    anna.sync()
    erased = erase(at.hub, MISSION, Order(hashes, BY, "All of it (fictional)", {}))
    assert (len(erased.erasures), erased.changes) == (3, 230)
    assert verify_mission(at.hub.instance, MISSION).counts["erased"] == 230
    anna.sync()
    assert anna.folded(record).values == {}


def test_an_erased_change_that_comes_late_is_kept_without_its_payload(
    at: Running, anna: Phone
) -> None:
    """It was restored away at headquarters, say, and the laptop never heard of the erasure."""
    case, _, hashes = write_case(anna)
    anna.sync()
    erase(at.hub, MISSION, Order(hashes, BY, "A name (fictional)", {}))
    assert anna.log.changes_of(case)[0].erased is False
    pairs = anna.log.changes_of(case)
    answer = anna.transport.post("push", {"changes": [change.wire() for change in pairs]})
    assert set(answer["known"]) == {change.hash for change in pairs}
    assert holding(at.hub.instance, CANARY) == []


@pytest.mark.parametrize(
    ("by", "reason", "restated", "words"),
    [
        (["vera"], "why", {}, "Two different"),
        (["vera", "vera"], "why", {}, "Two different"),
        (["vera", "nobody"], "why", {}, "not a reviewer"),
        (BY, " ", {}, "needs a reason"),
        (BY, "why", {"unknown": "x"}, "None of these"),
    ],
)
def test_what_cannot_be_erased_so(
    at: Running, anna: Phone, by: list[str], reason: str, restated: dict[str, str], words: str
) -> None:
    change = anna.write("case", str(uuid7()), {"title": "Case (fictional)"})
    anna.sync()
    log = at.hub.log(MISSION)
    before = log.position()
    with pytest.raises(NotErased, match=words):
        erase(at.hub, MISSION, Order([change.hash], by, reason, restated))
    assert log.position() == before
    log.close()


def test_what_the_log_is_verified_with_stays(at: Running, anna: Phone) -> None:
    log = at.hub.log(MISSION)
    hub = at.hub.seat(log)
    device = log.changes_of(anna.signer.device)[0].hash
    mission = log.changes_of(hub.record)[0].hash
    log.close()
    for hash_ in (device, mission, "00" * 32, "x"):
        with pytest.raises(NotErased):
            erase(at.hub, MISSION, Order([hash_], BY, "why", {}))


def test_the_commands(at: Running, anna: Phone) -> None:
    case, _, hashes = write_case(anna)
    anna.sync()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--instance", str(at.hub.instance), *arguments])

    done = run("history", MISSION, case)
    assert (done.exit_code, len(done.output.splitlines())) == (0, 3)
    two = [*("--by", "vera"), *("--by", "paul"), *("--reason", "A name (fictional)")]
    done = run("erase", MISSION, hashes[0], *two, "--restate", "title=no json")
    assert (done.exit_code, "PATH=JSON" in done.output) == (1, True)
    done = run("erase", MISSION, *hashes, *two, "--restate", 'title="Case 1"')
    assert done.exit_code == 0, done.output
    assert "2 changes and 0 files are erased" in done.output
    assert "destroy" in done.output
    done = run("erase", MISSION, hashes[0], *two)
    assert (done.exit_code, "already" in done.output) == (1, True)
    assert utc_now()[:10] in run("history", MISSION, case).output

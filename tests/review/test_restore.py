"""Headquarters burns down and is restored from a backup: real devices lose and double nothing."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from uuid6 import uuid7

from review.backup import back_up
from review.erasing import Order, erase
from review.hub import Hub
from review.restore import restore
from review.verification import verify_mission
from sync.change import Change
from sync.clock import utc_now
from sync.errors import SyncError
from sync.http import HubRefused
from sync.invitation import token_body
from tests.fleet import Phone, new_phone
from tests.review.custody import CANARY, add_reviewers, holding, script
from tests.review.hub_process import MISSION, Process, Running, new_hub

Make = Callable[[str], Phone]


class Headquarters:
    """One that can burn down and be restored elsewhere, on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = new_hub(folder / "hub0")
        add_reviewers(self.hub, "vera", "paul")
        self.process = Process(self.hub.instance)
        self.process.start("--no-projecting")
        self.backup = folder
        self.times = 0

    @property
    def at(self) -> Running:
        """As the devices reach it."""
        return Running(self.hub, self.process)

    def back_up(self) -> None:
        """Make a backup, beside the running ingest."""
        made = back_up(self.hub, self.folder / "backups")
        assert made.sound
        self.backup = made.folder

    def burn_and_restore(self) -> None:
        """Lose everything that is not in the backup."""
        self.process.stop(signal.SIGKILL)
        self.hub.close()
        self.times += 1
        instance = self.folder / f"hub{self.times}"
        restore(self.backup, instance)
        self.hub = Hub(instance)
        self.process = Process(instance, self.process.port)
        self.process.start("--no-projecting")

    def close(self) -> None:
        """End it."""
        said = self.process.stop()
        self.hub.close()
        assert said == "", said

    def hashes(self) -> list[str]:
        """Of all changes, in order."""
        log = self.hub.log(MISSION)
        try:
            return [entry.hash for entry in log.since(0, 10_000)]
        finally:
            log.close()


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Headquarters]:
    """A headquarters that runs."""
    made = Headquarters(tmp_path)
    yield made
    made.close()


@pytest.fixture
def phone(hq: Headquarters, tmp_path: Path) -> Iterator[Make]:
    """Makes devices of authors."""
    made: list[Phone] = []

    def make(author: str) -> Phone:
        made.append(new_phone(hq.at, tmp_path / "phones", author))
        return made[-1]

    yield make
    for one in made:
        one.close()


def write(phone: Phone, count: int) -> list[Change]:
    """Observations, each of one change."""
    return [phone.write("observation", str(uuid7()), {"mode": "full"}) for _ in range(count)]


def may_drop(phone: Phone, change: Change) -> bool:
    """Whether the phone may delete a change."""
    return phone.log.may_drop(change.hash, int(phone.log.meta("backed_up_seq") or 0))


def sound(hq: Headquarters) -> list[str]:
    """Ours and the strangers' verification are content; the notes of ours."""
    found = verify_mission(hq.hub.instance, MISSION)
    assert found.sound, found.faults
    assert not script().check(str(hq.hub.log_path(MISSION)), found.hub).wrong
    return found.notes


def test_what_came_after_the_backup_comes_again_from_who_sent_it(
    hq: Headquarters, phone: Make
) -> None:
    anna = phone("OBS-1")
    first = write(anna, 10)
    anna.sync()
    assert not may_drop(anna, first[0])
    hq.back_up()
    second = write(anna, 10)
    anna.sync()
    assert may_drop(anna, first[0])
    assert not may_drop(anna, second[0])
    assert anna.log.count_unreceived() == 0
    epoch = anna.log.meta("epoch")
    hq.burn_and_restore()
    third = write(anna, 1)
    done = anna.sync()
    assert (done.new_epoch, done.pushed.sent, done.pushed.clean) == (True, 11, True)
    assert anna.log.meta("epoch") != epoch
    log = hq.hub.log(MISSION)
    assert anna.log.meta("epoch") == hq.hub.seat(log).epoch
    sheet = log.sheets([log.last_sheet()[0]])[0]["payload"]
    log.close()
    assert f'"epoch":"{anna.log.meta("epoch")}"' in sheet
    hashes, own = hq.hashes(), [change.hash for change in (*first, *second, *third)]
    assert [hash_ for hash_ in hashes if hash_ in own] == own
    assert anna.log.count_unreceived() == 0
    # Until there is a new backup, nothing may be deleted, and then everything.
    assert not any(may_drop(anna, change) for change in (*first, *second, *third))
    hq.back_up()
    anna.sync()
    assert all(may_drop(anna, change) for change in (*first, *second, *third))
    assert not sound(hq)
    done = anna.sync()
    assert (done.new_epoch, done.pushed.sent, sum(done.pulled.new.values())) == (False, 0, 0)


def test_a_device_enrolled_after_the_backup_brings_its_own_record_back(
    hq: Headquarters, phone: Make
) -> None:
    phone("OBS-1")
    hq.back_up()
    ben = phone("OBS-2")
    changes = write(ben, 3)
    ben.sync()
    hq.burn_and_restore()
    done = ben.sync()
    assert (done.new_epoch, done.pushed.clean) == (True, True)
    assert {change.hash for change in changes} <= set(hq.hashes())
    log = hq.hub.log(MISSION)
    device = log.device(ben.signer.device)
    log.close()
    assert device is not None
    assert (device.author, device.role) == ("OBS-2", "observer")
    assert ben.log.count_unreceived() == 0
    assert not sound(hq)
    # Another device comes in as before.
    phone("OBS-2").sync()


def test_another_device_brings_it_back_as_well(hq: Headquarters, phone: Make) -> None:
    anna = phone("OBS-1")
    hq.back_up()
    ben = phone("OBS-2")
    case = str(uuid7())
    ben.write("case", case, {"title": "Case (fictional)"})
    ben.sync()
    hq.hub.assign(MISSION, case, "OBS-1")
    anna.sync()
    assert anna.folded(case).values["title"] == "Case (fictional)"
    hq.burn_and_restore()
    done = anna.sync()
    assert (done.new_epoch, done.pushed.clean) == (True, True)
    # Of the case, too, though ben has not been here since.
    log = hq.hub.log(MISSION)
    assert log.device(ben.signer.device) is not None
    assert log.changes_of(case)
    log.close()
    assert ben.sync().pushed.clean
    assert not sound(hq)
    anna.sync()
    assert anna.log.count_unreceived() == ben.log.count_unreceived() == 0


def test_gaps_of_the_former_headquarters_are_notes_and_can_close(
    hq: Headquarters, phone: Make
) -> None:
    """Who comes first has the last that headquarters wrote, but not all before it."""
    anna, ben = phone("OBS-1"), phone("OBS-2")
    case, other = str(uuid7()), str(uuid7())
    ben.write("case", case, {"title": "Case (fictional)"})
    anna.write("case", other, {"title": "Other (fictional)"})
    anna.sync()
    ben.sync()
    hq.back_up()
    hq.hub.assign(MISSION, case, "OBS-3")  # is for ben's eyes
    hq.hub.assign(MISSION, other, "OBS-4")  # and this for anna's
    anna.sync()
    ben.sync()
    hq.burn_and_restore()
    assert anna.sync().pushed.clean
    notes = sound(hq)
    assert len(notes) == 1
    assert "1 changes did not come back" in notes[0]
    assert ben.sync().pushed.clean
    assert not sound(hq)
    assert ben.log.count_unreceived() == 0


def test_an_erasure_after_the_backup_comes_back_and_holds(hq: Headquarters, phone: Make) -> None:
    anna = phone("OBS-1")
    case = str(uuid7())
    change = anna.write("case", case, {"title": f"Case {CANARY} (fictional)"})
    anna.sync()
    hq.back_up()
    erased = erase(hq.hub, MISSION, Order([change.hash], ["vera", "paul"], "A name", {}))
    anna.sync()
    hq.burn_and_restore()
    assert holding(hq.hub.instance, CANARY)
    assert anna.sync().pushed.clean
    log = hq.hub.log(MISSION)
    assert log.erased(change.hash) == erased.erasures[0]
    assert log.changes_of(case)[0].erased
    log.close()
    assert not sound(hq)
    assert holding(hq.hub.instance / "log", CANARY) == []


def test_twice_restored_is_followed_at_once(hq: Headquarters, phone: Make) -> None:
    anna = phone("OBS-1")
    changes = write(anna, 3)
    anna.sync()
    hq.back_up()
    changes += write(anna, 3)
    anna.sync()
    hq.burn_and_restore()
    hq.back_up()
    hq.burn_and_restore()
    late = phone("OBS-3")
    done = anna.sync()
    assert (done.new_epoch, done.pushed.sent) == (True, 3)
    late.sync()
    own = [change.hash for change in changes]
    assert [hash_ for hash_ in hq.hashes() if hash_ in own] == own
    assert not sound(hq)


def test_nobody_comes_in_by_a_record_that_headquarters_did_not_sign(
    hq: Headquarters, phone: Make
) -> None:
    anna = phone("OBS-1")
    hq.back_up()
    ben = phone("OBS-2")
    hq.burn_and_restore()
    record = ben.log.changes_of(ben.signer.device)[0]
    forged = {"payload": record.payload.replace("OBS-2", "OBS-9"), "signature": record.signature}
    before = hq.hashes()
    for records in ([forged], [{"payload": "{}"}], "x", [record.wire()] * 21, [anna_word(anna)]):
        body = {**token_of(ben, hq), "records": records}
        with pytest.raises(SyncError):
            ben.transport.post("token", body)
    assert hq.hashes() == before


def anna_word(anna: Phone) -> dict[str, str]:
    """A change that is no device's record."""
    return write(anna, 1)[0].wire()


def token_of(phone: Phone, hq: Headquarters) -> dict[str, str]:
    """A sign-in to the present headquarters."""
    log = hq.hub.log(MISSION)
    fingerprint = hq.hub.seat(log).fingerprint
    log.close()
    signer = phone.signer
    return token_body(fingerprint, MISSION, signer.device, signer.key, utc_now())


def test_old_tokens_are_worth_nothing(hq: Headquarters, phone: Make) -> None:
    anna = phone("OBS-1")
    anna.sync()
    hq.back_up()
    hq.burn_and_restore()
    with pytest.raises(HubRefused) as refused:
        anna.transport.get("pull", cursor="", limit=10)
    assert refused.value.code == "signed_out"


def test_who_was_assigned_by_the_backup_and_no_longer_is_forgets(
    hq: Headquarters, phone: Make
) -> None:
    """The end of it comes before the device asks; it reads from the beginning then."""
    anna, ben = phone("ANNA"), phone("BEN")
    case = anna.write("case", str(uuid7()), {"title": "Case Heron (fictional)"}).record
    anna.sync()
    hq.hub.assign(MISSION, case, "BEN")
    ben.sync()
    assert ben.log.changes_of(case)
    hq.back_up()
    hq.burn_and_restore()
    hq.hub.unassign(MISSION, case, "BEN")
    ben.sync()
    assert not ben.log.changes_of(case)


def shown_to_two(hq: Headquarters, phone: Make) -> tuple[Phone, Phone, str, set[str]]:
    """Anna made a case. Restored headquarters knew nothing of it, and Ben began one of this name.

    Both, the case, and what a third wrote of it that Ben was shown as its maker.
    """
    anna, ben, carl = phone("ANNA"), phone("BEN"), phone("CARL")
    hq.back_up()
    case = str(uuid7())
    anna.write("case", case, {"title": "Case Heron (fictional)"})
    anna.sync()
    hq.burn_and_restore()
    hq.back_up()
    write(ben, 5)
    ben.write("case", case, {"title": "Case Egret (fictional)"})
    ben.sync()
    hq.hub.assign(MISSION, case, "CARL")
    carl.sync()
    theirs = carl.write("case", case, {"court": "District"})
    person = carl.write("person", str(uuid7()), {"case": case, "code": "A1"})
    carl.sync()
    ben.sync()
    assert {theirs.hash, person.hash} <= held_of(ben, case, person.record)
    return anna, ben, case, {theirs.hash, person.hash}


def held_of(phone: Phone, *records: str) -> set[str]:
    """The hashes of what a device has of these records."""
    return {change.hash for record in records for change in phone.log.changes_of(record)}


def all_of(phone: Phone) -> set[str]:
    """The hashes of all that a device has."""
    return {entry.hash for entry in phone.log.since(0, 10_000)}


def own_of(phone: Phone) -> set[str]:
    """The hashes of what a device wrote."""
    return {change.hash for change in phone.log.changes_of_device(phone.signer.device)}


def test_who_turns_out_not_to_have_made_a_record_forgets(hq: Headquarters, phone: Make) -> None:
    anna, ben, case, theirs = shown_to_two(hq, phone)
    own = own_of(ben)
    assert anna.sync().pushed.clean  # with the receipt that says that she was first
    done = ben.sync()
    assert case in done.pulled.forgotten
    assert not theirs & all_of(ben)
    assert own <= own_of(ben)
    assert not ben.sync().pulled.forgotten
    assert held_of(anna, case)


def test_who_counted_as_the_maker_before_a_second_restore_forgets(
    hq: Headquarters, phone: Make
) -> None:
    anna, ben, case, theirs = shown_to_two(hq, phone)
    own = own_of(ben)
    hq.burn_and_restore()
    assert anna.sync().pushed.clean  # before Ben, who was never the maker for this one
    done = ben.sync()
    assert case in done.pulled.forgotten
    assert not theirs & all_of(ben)
    assert own <= own_of(ben)
    assert {change.author for change in ben.log.changes_of(case)} == {"BEN"}

"""A phone's whole program against a real relay and a real headquarters in this process."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from uuid6 import uuid7

from tests.client.phones import Phone, PhoneRefused, Phones
from tests.model.world import HUB_ADDRESS, MISSION, RELAY_ADDRESS, World, new_folder


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.close()


@pytest.fixture
def world() -> Iterator[World]:
    made = World(new_folder())
    made.new_relay()
    yield made
    made.close()


def new_phone(world: World, phones: Phones, author: str, *, by_relay: bool = False) -> Phone:
    address = RELAY_ADDRESS if by_relay else HUB_ADDRESS
    link = world.to_relay() if by_relay else world.to_hub()
    phone = Phone(phones, link, address)
    invitation = world.hub.invite(MISSION, author, "observer", 600, HUB_ADDRESS)
    phone.enrol(replace(invitation, address=address))
    return phone


def test_what_a_phone_writes_reaches_headquarters(world: World, phones: Phones) -> None:
    phone = new_phone(world, phones, "ANNA")
    change = phone.write("case", str(uuid7()), {"title": "Fictional case 1"})
    assert change is not None
    assert phone.sync() == ""
    assert phone.receipts == {change.hash: "stored"}
    assert change.hash in {fact.hash for fact in world.facts()}
    assert phone.log.count_unreceived() == 0


def test_a_relay_gives_sent_and_headquarters_received(world: World, phones: Phones) -> None:
    phone = new_phone(world, phones, "ANNA", by_relay=True)
    case = str(uuid7())
    phone.write("case", case, {"title": "Fictional case 1"})
    assert phone.sync() == ""
    (told,) = phone.do("standings")["found"]
    assert (told["states"], phone.receipts) == (["sent"], {})
    world.forward()
    assert phone.sync() == ""
    (told,) = phone.do("standings")["found"]
    assert told["states"] == ["stored"]
    assert list(phone.receipts.values()) == ["stored"]


def test_two_phones_of_a_case_fold_it_alike(world: World, phones: Phones) -> None:
    anna, ben = (new_phone(world, phones, author) for author in ("ANNA", "BEN"))
    case = str(uuid7())
    anna.write("case", case, {"title": "Fictional case 1"})
    anna.sync()
    world.hub.assign(MISSION, case, "BEN")
    ben.sync()
    assert ben.state["folds"][case]["values"] == {"title": "Fictional case 1"}
    ben.write("case", case, {"title": "Fictional case one"})
    anna.write("case", case, {"title": "Fictional case I"})
    for phone in (anna, ben, anna):
        assert phone.sync() == ""
    assert anna.state["folds"][case] == ben.state["folds"][case]
    assert anna.state["folds"][case]["conflicts"] == ["title"]


def test_a_phone_put_back_from_a_copy_goes_on_as_another(world: World, phones: Phones) -> None:
    phone = new_phone(world, phones, "ANNA")
    first = phone.signer.device
    phone.do("copy")
    kept, lost = str(uuid7()), str(uuid7())
    phone.write("case", lost, {"title": "Written before the copy came back"})
    phone.sync()
    phone.do("put_back")
    phone.write("case", kept, {"title": "Written on the copy"})
    assert phone.sync() == ""
    assert phone.signer.device != first
    phone.send()
    assert phone.sync() == ""
    folds = phone.state["folds"]
    assert folds[kept]["values"]["title"] == "Written on the copy"
    assert folds[lost]["values"]["title"] == "Written before the copy came back"
    assert {fact.record for fact in world.facts()} >= {kept, lost}


def test_a_phone_follows_a_restored_headquarters(world: World, phones: Phones) -> None:
    phone = new_phone(world, phones, "ANNA", by_relay=True)
    before, after = str(uuid7()), str(uuid7())
    phone.write("case", before, {"title": "In the backup"})
    phone.sync()
    world.forward()
    phone.sync()
    world.back_up()
    phone.write("case", after, {"title": "Not in the backup"})
    phone.sync()
    world.forward()
    phone.sync()
    world.burn_and_restore()
    for _ in range(3):
        assert world.forward() == ""
        assert phone.sync() == ""
    assert {fact.record for fact in world.facts()} >= {before, after}
    assert phone.log.count_unreceived() == 0


def test_a_file_goes_after_the_text_and_is_received(world: World, phones: Phones) -> None:
    phone = new_phone(world, phones, "ANNA", by_relay=True)
    observation = str(uuid7())
    phone.write("observation", observation, {"mode": "in_person"})
    text = "%PDF-1.4\n" + "fictional\n" * 5000
    sha256 = phone.do("attach", observation=observation, text=text, type="application/pdf")
    assert phone.sync() == ""
    # Headquarters knows of no record that names it yet: it waits, and stops nothing.
    assert phone.state["files"][sha256].get("code") == "unknown_blob"
    world.forward()
    assert phone.sync() == ""
    assert phone.state["files"][sha256]["state"] == "received"
    assert world.app.blobs.store(MISSION).has(sha256)


def test_a_portal_is_told_from_headquarters(world: World, phones: Phones) -> None:
    phone = new_phone(world, phones, "ANNA")
    phone.sync()
    world.net.faults.append("portal")
    assert phone.sync() == "not_reached"
    condition = phone.state["meta"]["condition"]
    assert (condition["code"], condition["portal"]) == ("not_reached", True)


def test_an_invitation_of_another_headquarters_sets_nothing_up(
    world: World, phones: Phones
) -> None:
    phone = Phone(phones, world.to_hub(), HUB_ADDRESS)
    invitation = world.hub.invite(MISSION, "ANNA", "observer", 600, HUB_ADDRESS)
    with pytest.raises(PhoneRefused):
        phone.enrol(replace(invitation, hub="0" * 64))
    assert "profile" not in phone.state["meta"]
    phone.enrol(invitation)
    assert json.dumps(phone.state["meta"]["profile"]["author"]) == '"ANNA"'

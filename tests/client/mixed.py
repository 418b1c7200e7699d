"""The model's schedules in a world where some write on laptops and some on phones.

Laptops run the Python ends, phones the JavaScript ones, both against the same relay and the same
headquarters. A phone may moreover be put back from an older copy of itself, and carry files.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from uuid6 import uuid7

from tests.client.phones import Phone, PhoneCrashed, Phones, read_row
from tests.model.machine import FIELDS, PICK, WORDS, Schedules
from tests.model.oracle import Fact, folded, visible
from tests.model.world import (
    AUTHORS,
    HUB_ADDRESS,
    MISSION,
    RELAY_ADDRESS,
    Device,
    World,
    new_folder,
)

PDF = "%PDF-1.4\n% fictional\n"


class MixedWorld(World):
    """A headquarters with laptops and phones around it."""

    def __init__(self, folder: Path, phones: Phones) -> None:
        super().__init__(folder)
        self.phones = phones
        self.as_phone = True

    def enrol(self, author: str, *, by_relay: bool = False) -> Any:
        """A new device of an author: a phone, or a laptop; on a link without faults."""
        if not self.as_phone:
            return super().enrol(author, by_relay=by_relay)
        with self.calm():
            address = RELAY_ADDRESS if by_relay else HUB_ADDRESS
            link = self.to_relay() if by_relay else self.to_hub()
            phone = Phone(self.phones, link, address)
            invitation = self.hub.invite(MISSION, author, "observer", 600, HUB_ADDRESS)
            phone.enrol(replace(invitation, address=address))
        self.devices.append(phone)  # type: ignore[arg-type]
        return phone


class MixedSchedules(Schedules):
    """What people, networks and machines do, with phones among the machines."""

    phones: Phones

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        self.world: MixedWorld = MixedWorld(new_folder(), self.phones)
        self.records: list[tuple[str, str]] = []
        self.forbidden: set[str] = set()
        self.erased: set[str] = set()
        # What a phone that was put back no longer has: a backup may be older than it.
        self.only_at_hub: set[str] = set()

    @initialize()
    def begin(self) -> None:
        """Three authors: Anna on a laptop, Ben on a phone by the relay, Cara on one directly."""
        self.world.new_relay()
        for author in AUTHORS:
            self.world.as_phone = author != "ANNA"
            self.world.enrol(author, by_relay=author == "BEN")
        self.new_record(1, "case", None, "one")

    def phone(self, pick: int) -> Phone:
        """One of the phones."""
        found = [one for one in self.world.devices if isinstance(one, Phone)]
        return found[pick % len(found)]

    @rule(author=st.sampled_from(AUTHORS), relay=st.booleans(), phone=st.booleans())
    def second_phone(self, author: str, relay: bool, phone: bool) -> None:
        """An author gets another device."""
        if len(self.world.devices) < 6:
            self.world.as_phone = phone
            self.world.enrol(author, by_relay=relay)

    @rule(pick=PICK)
    def keep_copy(self, pick: int) -> None:
        """A phone's store is copied, as a backup of the phone does."""
        phone = self.phone(pick)
        try:
            phone.do("copy")
            phone.copied = phone.signer.device
        except PhoneCrashed:
            phone.copied = ""

    @rule(pick=PICK)
    def put_back(self, pick: int) -> None:
        """A phone is put back from its copy; what it wrote since is gone from it."""
        phone = self.phone(pick)
        # A copy of before it went on as another device can no longer sign in: a person must help.
        renewing = "successor" in phone.state["meta"]
        if phone.copied == phone.signer.device and not renewing:
            phone.do("put_back")
            phone.seen.clear()
            here = {row["hash"] for row in phone.log.rows()}
            self.only_at_hub.update(set(phone.receipts) - here)

    @rule(pick=PICK, of=PICK, sent=st.booleans(), again=st.booleans(), word=WORDS)
    def lose_a_while(self, pick: int, of: int, sent: bool, again: bool, word: str | None) -> None:
        """A phone is put back to where it was before it wrote, and perhaps writes anew."""
        self.keep_copy(pick)
        phone = self.phone(pick)
        self.new_for(phone, "case", {"title": "before it was put back"})
        if sent:
            phone.sync()
        self.put_back(pick)
        if again:
            self.new_for(phone, "case", {"title": word or "after it was put back"})

    @rule(pick=PICK, when=st.sampled_from(["before", "after"]))
    def crash_while_sending(self, pick: int, when: str) -> None:
        """A phone goes down within a transaction of its conversation."""
        phone = self.phone(pick)
        self.new_for(phone, "case", {"title": "written before a crash"})
        phone.log.crash_at = when
        phone.sync()

    @rule(pick=PICK, word=WORDS)
    def attach(self, pick: int, word: str | None) -> None:
        """Somebody attaches a file to an observation of one's own."""
        phone = self.phone(pick)
        observation = self.new_for(phone, "observation", {"mode": "in_person"})
        text, kind = PDF + f"{word}\n" * 900, "application/pdf"
        if observation:
            with suppress(PhoneCrashed):
                phone.do("attach", observation=observation, text=text, type=kind)

    def new_for(self, phone: Phone, kind: str, fields: dict[str, Any]) -> str | None:
        """A record of a phone; ``None`` when it crashed meanwhile."""
        record = str(uuid7())
        if phone.write(kind, record, fields) is None:
            return None
        self.records.append((kind, record))
        return record

    @rule(pick=PICK, of=PICK, words=st.lists(WORDS, min_size=1, max_size=4))
    def write_while_sending(self, pick: int, of: int, words: list[str | None]) -> None:
        """A person goes on writing while the phone is sending."""
        phone = self.phone(pick)
        here = phone.state["folds"]
        shared = [
            (kind, record)
            for kind, record in self.records
            if kind in ("case", "person") and record in here
        ]
        if shared:
            kind, record = shared[of % len(shared)]
            fields = dict(zip(FIELDS[kind], words, strict=False))
            phone.busy(kind, record, fields)

    @invariant()
    def a_phone_believes_only_headquarters(self) -> None:
        """What counts as received on a phone stands on a sheet that headquarters signed."""
        # Sheets are checked in the whole at the end; here only that a relay's word is no receipt.
        for device in self.world.devices:
            if isinstance(device, Phone):
                quiet = set(device.receipts.values())
                assert quiet <= {"stored", "quarantined"}

    def check(self) -> None:
        """As for laptops; and every file of a phone is where its record says."""
        super().check()
        states = {one.hash: (one.state, one.code) for one in self.world.facts()}
        for device in self.world.devices:
            if isinstance(device, Phone):
                for row in device.log.rows():
                    told = (row["state"], row["code"] or None)
                    assert told == states.get(row["hash"], told), "judged otherwise on a phone"
        store = self.world.app.blobs.store(MISSION)
        for device in self.world.devices:
            if isinstance(device, Phone):
                for sha256, file in device.state["files"].items():
                    if file.get("state") == "received":
                        assert store.has(sha256), "a file that was received is not there"
                named = self.attached(device)
                waiting = [s for s in named if device.state["files"][s].get("state") != "received"]
                assert waiting == [], "a file still waits"

    def nothing_acknowledged_is_lost(self) -> None:
        """As for laptops; but what was lost at both ends, by two misfortunes, nobody has."""
        if self.world.restored:
            for device in self.world.devices:
                for hash_ in self.only_at_hub & set(device.receipts):
                    del device.receipts[hash_]
        super().nothing_acknowledged_is_lost()

    def attached(self, phone: Phone) -> set[str]:
        """The files on a phone that its author's attachments name."""
        author, files = phone.signer.author, phone.state["files"]
        rows = [c for c in map(read_row, phone.log.rows()) if c.kind == "attachment" and c.counts]
        return {c.set["sha256"] for c in rows if c.author == author} & set(files)

    def check_rights(self, facts: list[Fact]) -> None:
        """What came of a device after another took its place counts for nothing."""
        late = {one.hash for one in facts if one.code == "device_revoked"}
        roles = self.world.roles()
        for one in facts:
            assert one.hash not in late or roles[one.device][1] == "observer"
        super().check_rights([one for one in facts if one.hash not in late])

    def check_view(self, device: Any, facts: list[Fact]) -> None:
        """A phone has what its author may see, whole, and folds it as headquarters does."""
        if isinstance(device, Device):
            super().check_view(device, facts)
            return
        author = device.signer.author
        seen = visible(facts, author, self.world.makers())
        changes = list(map(read_row, device.log.rows()))
        got = {c.hash for c in changes if c.author != author or c.record in seen}
        wanted = {one.hash for one in facts if one.record in seen}
        names = {one.hash: (one.position, one.kind, one.author, one.state) for one in facts}
        missing = [names[hash_] for hash_ in wanted - got]
        beyond = [names.get(hash_, ()) for hash_ in got - wanted]
        if self.world.restored:
            beyond = [one for one in beyond if "quarantined" not in one]
        assert (missing, beyond) == ([], []), (author, missing, beyond)
        for record in seen:
            here = [one for one in facts if one.record == record]
            values, conflicts = folded(here)
            found = device.state["folds"].get(record, {"values": {}, "conflicts": []})
            told = [(o.position, o.author, o.state, o.fields) for o in here]
            assert found["values"] == values, told
            assert set(found["conflicts"]) == set(conflicts), told

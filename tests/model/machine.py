"""Random schedules of everything that can happen between devices, relay and headquarters."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from uuid6 import uuid7

from review.erasing import Order, erase
from sync.change import Change
from sync.fold import fold
from tests.model.links import FAULTS
from tests.model.oracle import Fact, allowed, descends, folded, visible
from tests.model.world import AUTHORS, MISSION, Device, World, new_folder

PICK = st.integers(0, 1000)
WORDS = st.sampled_from(["one", "two", "three", None])
FIELDS = {
    "case": ("title", "court"),
    "person": ("code", "role"),
    "hearing": ("date", "room"),
    "observation": ("mode", "started_at"),
    "incident": ("code", "opened_at"),
}


class Schedules(RuleBasedStateMachine):
    """Rules are what people, networks and machines do; the invariants are what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(new_folder())
        self.records: list[tuple[str, str]] = []
        self.forbidden: set[str] = set()
        self.erased: set[str] = set()

    @initialize()
    def begin(self) -> None:
        """Three authors: Anna directly, Ben by the relay, Cara directly."""
        self.world.new_relay()
        for author in AUTHORS:
            self.world.enrol(author, by_relay=author == "BEN")
        self.new_record(0, "case", None, "one")

    def device(self, pick: int) -> Device:
        """One of the devices that still write."""
        active = [device for device in self.world.devices if not device.retired]
        return active[pick % len(active)]

    def new_record(self, pick: int, kind: str, case: str | None, word: str | None) -> None:
        """A device makes a record, in a case that it may not even see."""
        record = str(uuid7())
        fields: dict[str, Any] = {FIELDS[kind][0]: word or "none"}
        if case is not None and kind != "case":
            fields["case"] = case
        if self.device(pick).write(kind, record, fields) is not None:
            self.records.append((kind, record))

    def cases_at_hub(self) -> list[str]:
        """The cases that have arrived."""
        log = self.world.hub.log(MISSION)
        try:
            return log.records("case")
        finally:
            log.close()

    # -- people -----------------------------------------------------------------------

    @rule(pick=PICK, kind=st.sampled_from(sorted(FIELDS)), of=PICK, word=WORDS)
    def make(self, pick: int, kind: str, of: int, word: str | None) -> None:
        """Somebody makes a record."""
        cases = [record for kind_, record in self.records if kind_ == "case"]
        self.new_record(pick, kind, cases[of % len(cases)] if cases else None, word)

    @rule(pick=PICK, of=PICK, which=st.integers(0, 1), word=WORDS)
    def edit(self, pick: int, of: int, which: int, word: str | None) -> None:
        """Somebody writes to a record: one's own, an assigned one, or one that is not theirs."""
        if self.records:
            kind, record = self.records[of % len(self.records)]
            path, device = FIELDS[kind][which] if kind in FIELDS else "question", self.device(pick)
            change = device.write(kind, record, {path: word})
            if change is not None and kind in FIELDS:
                # Who writes knows all that is here: it replaces that, and settles what differed.
                seen = fold(device.log.changes_of(record))
                assert seen.origins[path].hash == change.hash or not self.counts(device, change)
                assert path not in seen.conflicts or not self.counts(device, change)

    def counts(self, device: Device, change: Change) -> bool:
        """Whether a device takes its own change to count."""
        return device.log.known([change.hash])[change.hash].state == "stored"

    @rule(pick=PICK, of=PICK, which=st.integers(0, 1), word=WORDS)
    def draft(self, pick: int, of: int, which: int, word: str | None) -> None:
        """Somebody writes, and sends it another day."""
        records = [one for one in self.records if one[0] in FIELDS]
        if records:
            kind, record = records[of % len(records)]
            self.device(pick).draft(kind, record, {FIELDS[kind][which]: word})

    @rule(pick=PICK)
    def send_drafts(self, pick: int) -> None:
        """What was drafted is sent; it must not claim to know what came in between."""
        device = self.device(pick)
        for change, seen in device.send():
            here = {one.hash: Fact.of(one) for one in device.log.changes_of(change.record)}
            for hash_, one in here.items():
                if one.device != device.signer.device and hash_ not in seen:
                    assert not descends(here, change.hash, hash_), "overridden without a look"

    @rule(
        pick=PICK,
        of=PICK,
        kind=st.sampled_from(
            ["mission", "device", "assignment", "review", "erasure", "query", "finding"]
        ),
    )
    def overstep(self, pick: int, of: int, kind: str) -> None:
        """Somebody writes what only headquarters may."""
        device = self.device(pick)
        existing = [record for kind_, record in self.records if kind_ == kind]
        record = existing[of % len(existing)] if existing and of % 2 else str(uuid7())
        fields: dict[str, Any] = {
            "mission": {"title": "Taken over"},
            "device": {"author": "ANNA", "role": "hub", "public_key": device.signer.key.public},
            "assignment": {"case": record, "author": device.signer.author},
            "review": {"decision": "approved"},
            "erasure": {"hashes": [self.any_hash(of)], "by": ["x", "y"], "reason": "none"},
            "query": {"question": "Really?"},
            "finding": {"severity": "high"},
        }[kind]
        change = device.write(kind, record, fields)
        if change is not None:
            self.forbidden.add(change.hash)

    def any_hash(self, of: int) -> str:
        """A change that is at headquarters."""
        facts = self.world.facts()
        return facts[of % len(facts)].hash

    @rule(pick=PICK, of=PICK)
    def converse(self, pick: int, of: int) -> None:
        """A device sends and fetches."""
        self.device(pick).sync()

    @rule()
    def carry_on(self) -> None:
        """The relay sends and fetches."""
        self.world.forward()

    @rule(author=st.sampled_from(AUTHORS), relay=st.booleans())
    def second_phone(self, author: str, relay: bool) -> None:
        """An author gets another device."""
        if len(self.world.devices) < 6:
            self.world.enrol(author, by_relay=relay)

    @rule(of=PICK, author=st.sampled_from(AUTHORS))
    def assign(self, of: int, author: str) -> None:
        """Headquarters assigns a case, before or after there is anything of it."""
        cases = self.cases_at_hub()
        if cases:
            self.world.hub.assign(MISSION, cases[of % len(cases)], author)

    @rule(of=PICK, author=st.sampled_from(AUTHORS))
    def unassign(self, of: int, author: str) -> None:
        """Headquarters ends an assignment."""
        log = self.world.hub.log(MISSION)
        cases = [case for case in log.records("case") if log.assigned(case, author)]
        log.close()
        if cases:
            self.world.hub.unassign(MISSION, cases[of % len(cases)], author)

    @rule(of=PICK)
    def ask(self, of: int) -> None:
        """Headquarters asks about an observation; its author sees it."""
        log = self.world.hub.log(MISSION)
        observations = log.records("observation")
        if observations:
            with log.writing():
                record = str(uuid7())
                fields = {"observation": observations[of % len(observations)], "question": "Why?"}
                seat = self.world.hub.seat(log)
                seat.write(log, "query", record, fields, self.world.hub.now)
            self.records.append(("query", record))
        log.close()

    @rule(of=PICK)
    def acknowledge(self, of: int) -> None:
        """Headquarters acknowledges an incident; its author sees that."""
        log = self.world.hub.log(MISSION)
        incidents = log.records("incident")
        if incidents:
            with log.writing():
                fields = {"incident": incidents[of % len(incidents)], "decision": "acknowledged"}
                seat = self.world.hub.seat(log)
                seat.write(log, "review", str(uuid7()), fields, self.world.hub.now)
        log.close()

    @rule(of=PICK)
    def erase(self, of: int) -> None:
        """Two people of headquarters erase a change of an observation."""
        facts = [one for one in self.world.facts() if one.kind == "observation" and one.fields]
        facts = [one for one in facts if one.state == "stored" and "case" not in one.fields]
        if facts:
            one = facts[of % len(facts)]
            order = Order((one.hash,), ("vera", "paul"), "It names somebody (fictional).", {})
            with self.world.calm():
                erase(self.world.hub, MISSION, order)
            self.erased.add(one.hash)

    @rule(pick=PICK, of=PICK)
    def answer(self, pick: int, of: int) -> None:
        """Somebody replies to a question."""
        queries = [record for kind, record in self.records if kind == "query"]
        if queries:
            fields = {f"reply/{uuid7()}": {"text": "Because."}}
            self.device(pick).write("query", queries[of % len(queries)], fields)

    # -- machines and networks --------------------------------------------------------

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=4))
    def bad_network(self, faults: list[str]) -> None:
        """The next calls fail, each in its way."""
        self.world.net.faults.extend(faults)

    @rule(of=PICK)
    def late_arrival(self, of: int) -> None:
        """What was held back arrives now."""
        if self.world.net.held:
            self.world.net.release(of)

    @rule(pick=PICK, seconds=st.integers(-315_000_000, 315_000_000))
    def wrong_clock(self, pick: int, seconds: int) -> None:
        """A device's clock jumps, ten years at most."""
        self.device(pick).offset = timedelta(seconds=seconds)

    @rule(when=st.sampled_from(["before", "after"]))
    def hub_crash(self, when: str) -> None:
        """Headquarters will go down within its next transaction."""
        self.world.crash_hub_at_next_commit(when)

    @rule()
    def hub_restart(self) -> None:
        """Headquarters goes down and up again."""
        self.world.restart_hub()

    @rule(pick=PICK, when=st.sampled_from(["before", "after"]))
    def device_crash(self, pick: int, when: str) -> None:
        """A device will go down within its next transaction."""
        self.device(pick).log.crash_at = when

    @rule()
    def relay_lost(self) -> None:
        """The relay is lost with everything on it, and another one is set up."""
        if self.world.relays < 3:
            self.world.new_relay()

    @rule()
    def back_up(self) -> None:
        """Headquarters makes a backup."""
        self.world.back_up()

    @rule()
    def burn_and_restore(self) -> None:
        """Headquarters is lost, and restored from its last backup."""
        if self.world.restored < 2:
            self.world.burn_and_restore()

    # -- what must hold ---------------------------------------------------------------

    @invariant()
    def acknowledged_is_there(self) -> None:
        """Unless headquarters burnt down: then what it lacks is on its way again."""
        if not self.world.restored:
            self.nothing_acknowledged_is_lost()

    def nothing_acknowledged_is_lost(self) -> None:
        """What a device ever had a receipt for is at headquarters, judged as the first one said."""
        here = {one.hash: one.state for one in self.world.facts()}
        for device in self.world.devices:
            for hash_, state in device.receipts.items():
                told = (state, here.get(hash_))
                assert told[0] == told[1], f"acknowledged {told[0]}, now {told[1]}: {hash_}"

    @invariant()
    def every_chain_is_whole(self) -> None:
        """Each device's changes are there once, in order, each after the one before."""
        chains: dict[str, list[Fact]] = {}
        for one in self.world.facts():
            chains.setdefault(one.device, []).append(one)
        for device, chain in chains.items():
            if device in self.world.keys and self.world.restored:
                # Of a former headquarters only what others kept comes back.
                assert len({one.seq for one in chain}) == len(chain)
                continue
            assert [one.seq for one in chain] == list(range(1, len(chain) + 1))
            for before, after in zip(chain, chain[1:], strict=False):
                assert after.prev == before.hash

    def teardown(self) -> None:
        """Let all come to rest on a good network; then everything must agree."""
        try:
            self.settle()
            self.check()
        finally:
            self.world.close()

    def settle(self) -> None:
        """Good network, no more crashes, and time enough."""
        world = self.world
        world.net.faults.clear()
        world.crash_hub_at_next_commit("")
        for device in world.devices:
            device.log.crash_at = ""
        while world.net.held:
            world.net.release(0)
        for _ in range(4):
            ended = [device.sync() for device in world.devices]
            carried = world.forward()
        by = [device.transport.address for device in world.devices]
        assert (set(ended), carried) == ({""}, ""), (ended, by, carried)

    def check(self) -> None:
        """Everything arrived, was judged as the table says, and is seen by those who may."""
        self.nothing_acknowledged_is_lost()
        self.every_chain_is_whole()
        facts = self.world.facts()
        here = {one.hash: one for one in facts}
        for device in self.world.devices:
            assert device.log.count_unreceived() == 0, "something still waits"
            for change in device.log.changes_of_device(device.signer.device):
                assert change.erased or here[change.hash].fields == change.set
        self.check_rights(facts)
        self.check_receipts(here)
        for device in self.world.devices:
            self.check_view(device, facts)

    def check_rights(self, facts: list[Fact]) -> None:
        """Each change was judged as the table in words says."""
        roles = self.world.roles()
        for index, one in enumerate(facts):
            if not self.world.restored:
                # After a restore things come in another order; then the first verdict must hold,
                # which is checked with what was acknowledged.
                may = allowed(roles[one.device], one, facts[:index])
                assert (one.state == "stored") == may, (one, may)
            if one.hash in self.forbidden:
                assert (one.state, one.code) == ("quarantined", "not_allowed")

    def check_receipts(self, here: dict[str, Fact]) -> None:
        """The hub signed for each change of a device once, and for nothing else."""
        roles = self.world.roles()
        signed = dict(self.world.receipts())
        written = {h for h, one in here.items() if roles[one.device][1] != "hub"}
        unsigned = [here[hash_] for hash_ in written - set(signed)]
        # What others bring back of a former headquarters gets a receipt as well.
        beyond = [here[hash_].device for hash_ in set(signed) - written]
        assert (unsigned, set(beyond) - set(self.world.keys)) == ([], set()), unsigned
        for hash_, receipt in signed.items():
            one = here[hash_]
            assert (receipt["state"], receipt["hub_seq"]) == (one.state, one.position)

    def check_view(self, device: Device, facts: list[Fact]) -> None:
        """A device has what its author may see, whole, and folds it as headquarters does."""
        author = device.signer.author
        seen = visible(facts, author, self.world.makers())
        wanted = {one.hash for one in facts if one.record in seen}
        rows = device.log.db.execute(
            "SELECT c.hash FROM changes c JOIN devices d USING (device)"
            " WHERE d.author <> ? OR c.record IN (SELECT value FROM json_each(?))",
            [author, json.dumps(sorted(seen))],
        ).fetchall()
        got = {row[0] for row in rows}
        names = {one.hash: (one.position, one.kind, one.author, one.state) for one in facts}
        missing = [names[hash_] for hash_ in wanted - got]
        beyond = [names.get(hash_, ()) for hash_ in got - wanted]
        if self.world.restored:
            # Who made a record may turn out anew; envelopes without content may be left over.
            beyond = [one for one in beyond if "quarantined" not in one]
        assert (missing, beyond) == ([], []), (author, missing, beyond)
        for record in seen:
            values, conflicts = folded([one for one in facts if one.record == record])
            found = fold(device.log.changes_of(record))
            told = [(o.position, o.author, o.state, o.fields) for o in facts if o.record == record]
            assert found.values == values, told
            assert set(found.conflicts) == set(conflicts), told

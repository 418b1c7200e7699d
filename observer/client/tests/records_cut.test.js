import assert from "node:assert/strict";
import { test } from "node:test";

import { check, DeviceKey } from "../src/protocol/keys.js";
import { fromB64url } from "../src/protocol/bytes.js";
import { send, sendSitting, sendUrgent } from "../src/records/cut.js";
import { colleague, court, desk, plain, pulled } from "./records_desk.js";
import { faulty, onDisk, scrambling } from "./store_disk.js";

/** The chain as it lies in the store, by number; fails when a number is there twice. */
function chain(rows) {
  const changes = rows.entries("change/").map(([, { payload }]) => JSON.parse(payload));
  changes.sort((one, two) => one.seq - two.seq);
  assert.deepEqual(changes.map(({ seq }) => seq), changes.map((_, at) => at + 1));
  return changes;
}

test("a cut signs, follows the head and drops the drafts that went", async () => {
  const { records, rows, again } = await desk();
  const { trial, hearing } = court(records);
  const changes = await send(records, [trial, hearing]);
  assert.deepEqual(changes.map(({ seq, record }) => [seq, record]), [[1, trial], [2, hearing]]);
  assert.equal(changes[1].prev, changes[0].hash);
  assert.deepEqual(rows.get("meta/head"), { device: rows.get("meta/profile").device, seq: 2, hash: changes[1].hash });
  assert.deepEqual(rows.names(`draft/${trial}`), []);
  assert.equal(rows.get(`change/${changes[0].hash}`).own, true);
  const key = await DeviceKey.load(fromB64url(rows.get("meta/key")));
  for (const change of changes) await check(key.publicKey, "change", change.payload, change.signature);
  const { records: later } = await again();
  assert.equal(later.get(trial).values.title, "Fictional case 7");
  assert.deepEqual(plain(later.get(trial).drafts), {});
  assert.deepEqual(await send(later, [trial]), []);
  later.edit("case", trial, { court: "C" });
  const [next] = await send(later, [trial]);
  assert.deepEqual([next.seq, next.prev, [...next.parents]], [3, changes[1].hash, [changes[0].hash]]);
});

test("a name typed, deleted and then sent is in no payload and on no disk", async () => {
  const { records, rows, saver, factory } = await desk();
  const { trial, observation } = court(records);
  records.edit("observation", observation, { "answers/b.open": { comment: "Amina Fictional" } });
  await saver.flush();
  records.edit("observation", observation, { "answers/b.open": { comment: "the accused" } });
  await saver.flush();
  await send(records, [trial, observation]);
  assert.ok(!rows.entries("").some(([, value]) => JSON.stringify(value).includes("Amina")));
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("Amina")));
});

test("what came since the author wrote is not overridden unseen", async () => {
  const { records } = await desk();
  const { trial } = court(records);
  const [first] = await send(records, [trial]);
  records.edit("case", trial, { title: "mine" });
  const by = await colleague();
  const theirs = await by({ kind: "case", record: trial, parents: [first.hash], fields: { title: "theirs" } });
  await records.keepPulled({ put: [pulled(theirs)] });
  records.edit("case", trial, { court: "seen" });
  const changes = await send(records, [trial]);
  assert.deepEqual(changes.map(({ set }) => plain(set)), [{ title: "mine" }, { court: "seen" }]);
  assert.deepEqual([...changes[0].parents], [first.hash]);
  assert.deepEqual([...changes[1].parents].sort(), [theirs.hash, changes[0].hash].sort());
});

test("what two wrote unseen of each other is a conflict, both kept", async () => {
  const { records } = await desk();
  const { trial } = court(records);
  const [first] = await send(records, [trial]);
  records.edit("case", trial, { title: "mine" });
  const by = await colleague();
  const theirs = await by({ kind: "case", record: trial, parents: [first.hash], fields: { title: "theirs" } });
  await records.keepPulled({ put: [pulled(theirs)] });
  await send(records, [trial]);
  assert.equal(records.get(trial).sent.conflicts.title.length, 2);
});

test("large fields go in several changes that follow each other", async () => {
  const { records, rows } = await desk();
  const id = records.create("case", { title: "t" });
  const texts = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`overrides/o${at}`, "x".repeat(30_000)]));
  records.edit("case", id, texts);
  const changes = await send(records, [id]);
  assert.ok(changes.length >= 3);
  changes.slice(1).forEach((change, at) => assert.deepEqual([...change.parents], [changes[at].hash]));
  assert.deepEqual(plain(records.get(id).dirty), {});
  assert.equal(chain(rows).length, changes.length);
});

test("one field alone over the limit is refused, and all drafts stay", async () => {
  const { records, rows } = await desk();
  const id = records.create("case", { title: "t", "overrides/o": "x".repeat(70_000) });
  await assert.rejects(send(records, [id]), { code: "too_large" });
  assert.deepEqual(rows.names("change/"), []);
  assert.equal(records.get(id).dirty.title, "t");
  records.edit("case", id, { "overrides/o": "short" });
  assert.equal((await send(records, [id])).length, 1);
});

/** Do something at the moment when a cut has signed and is about to be written, or was just written. */
function atCut(rows, when, deed) {
  const write = rows.write.bind(rows);
  rows.write = async (writing) => {
    if (writing.expect && when === "before") deed();
    await write(writing);
    if (writing.expect && when === "after") deed();
    if (writing.expect) rows.write = write;
  };
}

for (const when of ["before", "after"]) {
  test(`what is written ${when} a cut is written stays a draft that builds on it`, async () => {
    const { records, rows, saver } = await desk();
    const { trial } = court(records);
    atCut(rows, when, () => records.edit("case", trial, { title: "later" }));
    const [change] = await send(records, [trial]);
    assert.equal(change.set.title, "Fictional case 7");
    assert.deepEqual(plain(records.get(trial).dirty), { title: "later" });
    assert.deepEqual(records.get(trial).seen.get("title"), [change.hash]);
    await saver.flush();
    assert.equal(rows.get(`draft/${trial}/title`).value, "later");
    await send(records, [trial]);
    assert.deepEqual(plain(records.get(trial).sent.conflicts), {});
    assert.equal(records.get(trial).values.title, "later");
  });

  test(`what is put back ${when} a cut is written is put back`, async () => {
    const { records, rows } = await desk();
    const { trial } = court(records);
    await send(records, [trial]);
    records.edit("case", trial, { title: "wrong", court: "wrong" });
    atCut(rows, when, () => records.edit("case", trial, { title: "Fictional case 7", court: null }));
    const [change] = await send(records, [trial]);
    assert.equal(change.set.title, "wrong");
    assert.deepEqual(plain(records.get(trial).dirty), { title: "Fictional case 7", court: null });
    await send(records, [trial]);
    const { values, conflicts } = records.get(trial).sent;
    assert.deepEqual([values.title, values.court, plain(conflicts)], ["Fictional case 7", undefined, {}]);
    await records.saver.flush();
    assert.deepEqual(rows.names(`draft/${trial}`), []);
  });
}

test("edits at every moment of a cut: none is lost, none conflicts with itself", async () => {
  for (let delay = 0; delay < 40; delay++) {
    const { records, rows, saver } = await desk();
    const id = records.create("case", { title: "first" });
    const sending = send(records, [id]);
    for (let at = 0; at < delay; at++) await Promise.resolve();
    if (delay > 30) await new Promise((resolve) => setTimeout(resolve, delay - 30));
    records.edit("case", id, { title: "second" });
    await sending;
    await saver.flush();
    await send(records, [id]);
    await saver.flush();
    assert.equal(records.get(id).sent.values.title, "second", `after ${delay}`);
    assert.deepEqual(plain(records.get(id).sent.conflicts), {}, `after ${delay}`);
    assert.deepEqual(rows.names("draft/"), [], `after ${delay}`);
    chain(rows);
  }
});

test("two tabs that cut at once make one chain and send nothing twice", async () => {
  const one = await desk({ vault: scrambling(5) });
  const first = one.records.create("case", { title: "shared" });
  await one.saver.flush();
  const two = await one.again();
  const own = one.records.create("case", { title: "one" });
  const other = two.records.create("case", { title: "two" });
  await Promise.all([send(one.records, [first, own]), send(two.records, [first, other])]);
  const { rows, records } = await one.again();
  const changes = chain(rows);
  assert.deepEqual(changes.map(({ record }) => record).sort(), [first, own, other].sort());
  changes.slice(1).forEach((change, at) => assert.ok(rows.get(`change/${change.prev}`), String(at)));
  assert.equal(rows.get("meta/head").seq, 3);
  assert.deepEqual(records.unsent(), []);
});

test("many cuts of two tabs stay one chain", async () => {
  const one = await desk({ vault: scrambling(5) });
  const two = await one.again();
  const tabs = [one, two];
  await Promise.all(
    tabs.map(async ({ records }, tab) => {
      for (let at = 0; at < 6; at++) {
        const id = records.create("case", { title: `${tab} ${at}` });
        await untilSent(records, id);
      }
    }),
  );
  const { rows } = await one.again();
  assert.equal(chain(rows).length, 12);
});

/** A tab that was the slower one five times in a row is told so, and tries again. */
async function untilSent(records, id) {
  for (let changes = []; changes.length === 0; ) {
    changes = await send(records, [id]).catch((error) => {
      assert.equal(error.code, "moved");
      assert.equal(records.get(id).kind, "case");
      return [];
    });
  }
}

test("a cut that could not be written leaves the drafts, and the next one goes", async () => {
  const { records, rows, saver } = await desk();
  const { trial } = court(records);
  await saver.flush();
  const write = rows.write.bind(rows);
  rows.write = async ({ expect, ...rest }) => {
    if (expect) throw Object.assign(new Error("full"), { code: "storage_full" });
    return write(rest);
  };
  await assert.rejects(send(records, [trial]), { code: "storage_full" });
  rows.write = write;
  assert.equal(records.get(trial).dirty.title, "Fictional case 7");
  assert.equal((await send(records, [trial]))[0].seq, 1);
});

test("a cut that reached the disk although it was told as lost is not cut twice", async () => {
  const { factory, seen } = faulty();
  const { records, rows, saver } = await desk({ factory });
  const { trial, hearing } = court(records);
  await saver.flush();
  seen.plan = ["unheard", "unheard"];
  await assert.rejects(send(records, [trial]), { code: "storage_lost" });
  assert.equal(records.get(trial).dirty.title, "Fictional case 7");
  const changes = await send(records, [trial, hearing]);
  assert.deepEqual(changes.map(({ seq, record }) => [seq, record]), [[2, hearing]]);
  assert.deepEqual(chain(rows).map(({ record }) => record), [trial, hearing]);
  assert.deepEqual(plain(records.get(trial).drafts), {});
});

test("a submitted observation takes along what it hangs on and what is attached", async () => {
  const { records } = await desk();
  const { trial, hearing, people, observation } = court(records);
  const file = records.create("attachment", { observation, sha256: "a".repeat(64), size: 3, type: "image/jpeg" });
  const stranger = records.create("attachment", { observation: crypto.randomUUID(), sha256: "b".repeat(64) });
  const changes = await sendSitting(records, observation);
  assert.deepEqual(changes.map(({ record }) => record), [trial, ...people, hearing, observation, file]);
  assert.ok(records.get(observation).sent.values.submitted_at);
  assert.deepEqual(records.unsent().map(({ id }) => id), [stranger]);
});

test("what cannot wait goes alone with what it hangs on, and nothing is submitted", async () => {
  const { records } = await desk();
  const { trial, observation, people } = court(records);
  const urgent = records.create("incident", { sealed: "x" });
  assert.deepEqual((await sendUrgent(records, [urgent])).map(({ record }) => record), [urgent]);
  assert.deepEqual((await sendUrgent(records, [people[0]])).map(({ record }) => record), [trial, people[0]]);
  await sendUrgent(records, [observation]);
  assert.equal(records.get(observation).sent.values.submitted_at, undefined);
  assert.deepEqual(records.unsent(), []);
});

test("a phone that goes on as a new device begins a new chain", async () => {
  const { records, rows } = await desk();
  const { trial, hearing } = court(records);
  await send(records, [trial]);
  const device = crypto.randomUUID();
  await rows.write({ put: [["meta/profile", { ...rows.get("meta/profile"), device }]] });
  const [change] = await send(records, [hearing]);
  assert.deepEqual([change.seq, change.prev, change.device], [1, "", device]);
});

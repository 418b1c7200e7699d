import assert from "node:assert/strict";
import { test } from "node:test";

import { envelopeOf } from "../src/protocol/change.js";
import { send } from "../src/records/cut.js";
import { colleague, court, desk, plain, pulled } from "./records_desk.js";
import { onDisk } from "./store_disk.js";

test("what is written is seen at once, and after a restart", async () => {
  const { records, saver, again } = await desk();
  const { trial, observation } = court(records);
  records.edit("case", trial, { court: "Court of Fiction" });
  assert.equal(records.get(trial).values.court, "Court of Fiction");
  assert.equal(records.get(trial).values.practice, true);
  await saver.flush();
  const { records: later } = await again();
  assert.deepEqual(plain(later.get(trial).values), plain(records.get(trial).values));
  assert.deepEqual(later.all("observation").map(({ id }) => id), [observation]);
  assert.equal(later.unsent().length, 5);
});

test("a name typed and taken back leaves no bytes", async () => {
  const { records, saver, factory } = await desk();
  const { trial } = court(records);
  records.edit("case", trial, { "answers/a.title": { comment: "Amina Fictional" } });
  await saver.flush();
  assert.ok((await onDisk(factory)).some(({ text }) => text.includes("Amina")));
  records.edit("case", trial, { "answers/a.title": null });
  await saver.flush();
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("Amina")));
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("a.title")));
  assert.equal(records.get(trial).values["answers/a.title"], undefined);
});

test("what says the same as was sent is no draft; what clears it is one", async () => {
  const { records } = await desk();
  const { trial } = court(records);
  await send(records, [trial]);
  records.edit("case", trial, { title: "other" });
  records.edit("case", trial, { title: "Fictional case 7" });
  assert.deepEqual(records.unsent().map(({ id }) => id).includes(trial), false);
  records.edit("case", trial, { title: null });
  const record = records.get(trial);
  assert.deepEqual(plain(record.dirty), { title: null });
  assert.equal("title" in record.values, false);
});

test("in a conflict, to keep what is shown is a choice", async () => {
  const { records } = await desk();
  const by = await colleague();
  const record = crypto.randomUUID();
  const one = await by({ kind: "case", record, fields: { title: "one" } });
  const two = await by({ kind: "case", record, fields: { title: "two" }, recordedAt: "2026-03-02T09:31:00.000Z" });
  await records.keepPulled({ put: [pulled(one), pulled(two), ["meta/cursor", "7"]] });
  assert.equal(records.get(record).values.title, "two");
  assert.equal(records.get(record).sent.conflicts.title.length, 2);
  records.edit("case", record, { title: "two" });
  assert.deepEqual(plain(records.get(record).dirty), { title: "two" });
  await send(records, [record]);
  assert.deepEqual(plain(records.get(record).sent.conflicts), {});
  assert.deepEqual(plain(records.get(record).drafts), {});
  assert.equal(records.rows.get("meta/cursor"), "7");
});

test("another observer's observation is neither listed nor changed", async () => {
  const { records } = await desk();
  const by = await colleague();
  const theirs = await by({ kind: "observation", fields: { attendance: "full" } });
  await records.keepPulled({ put: [pulled(theirs)] });
  assert.deepEqual(records.all("observation"), []);
  assert.throws(() => records.edit("observation", theirs.record, { attendance: "part" }), { code: "not_yours" });
  const { observation } = court(records);
  records.edit("observation", observation, { attendance: "full" });
  assert.deepEqual(records.all("observation").map(({ id }) => id), [observation]);
});

test("what is in quarantine gives no value, also when the verdict comes later", async () => {
  const { records } = await desk();
  const by = await colleague();
  const one = await by({ kind: "case", fields: { title: "one" } });
  const two = await by({ kind: "case", record: one.record, parents: [one.hash], fields: { title: "two" } });
  await records.keepPulled({ put: [pulled(one), pulled(two)] });
  assert.equal(records.get(one.record).values.title, "two");
  await records.keepPulled({ put: [pulled(two, { state: "quarantined", code: "not_allowed" })] });
  assert.equal(records.get(one.record).values.title, "one");
  assert.deepEqual(records.get(one.record).sent.heads, [two.hash]);
  const alone = await by({ kind: "case", fields: { title: "alone" } });
  await records.keepPulled({ put: [pulled(alone, { state: "quarantined", code: "not_allowed" })] });
  assert.deepEqual(records.all("case").map(({ id }) => id), [one.record]);
});

test("what is erased keeps its place, and headquarters' words stand there", async () => {
  const { records, again } = await desk();
  const by = await colleague();
  const one = await by({ kind: "case", fields: { title: "Amina Fictional" } });
  const two = await by({ kind: "case", record: one.record, parents: [one.hash], fields: { court: "C" } });
  await records.keepPulled({ put: [pulled(one), pulled(two)] });
  const row = { envelope: envelopeOf(one.payload), signature: one.signature, state: "stored", at: "2026-03-02T10:00:00.000Z", own: false };
  await records.keepPulled({ put: [[`change/${one.hash}`, row]] });
  assert.deepEqual(plain(records.get(one.record).values), { court: "C" });
  await records.keepPulled({ put: [[`change/${one.hash}`, { ...row, restated: { title: "Person 1" } }]] });
  assert.equal(records.get(one.record).values.title, "Person 1");
  assert.deepEqual(records.get(one.record).sent.heads, [two.hash]);
  assert.equal(records.get(one.record).sent.origins.title.author, "HQ");
  const { records: later } = await again();
  assert.deepEqual(plain(later.get(one.record).values), plain(records.get(one.record).values));
});

test("what is forgotten is gone, and drafts over it stay", async () => {
  const { records } = await desk();
  const by = await colleague();
  const one = await by({ kind: "case", fields: { title: "one" } });
  await records.keepPulled({ put: [pulled(one)] });
  records.edit("case", one.record, { court: "mine" });
  await records.keepPulled({ drop: [`change/${one.hash}`] });
  assert.deepEqual(plain(records.get(one.record).values), { court: "mine" });
  assert.deepEqual(plain(records.get(one.record).sent.heads), []);
});

test("a change that cannot be read is counted and kept", async () => {
  const { records, rows, again } = await desk();
  await rows.write({ put: [["change/ff", { payload: "{", signature: "", state: "stored", at: "", own: false }]] });
  const { records: later, rows: kept } = await again();
  assert.equal(later.unreadable, 1);
  assert.ok(kept.get("change/ff"));
  assert.equal(records.unreadable, 0);
});

test("a sitting has what stands around an observation", async () => {
  const { records } = await desk();
  const { trial, hearing, people, observation } = court(records);
  const late = `log/${crypto.randomUUID()}`;
  const early = `log/${crypto.randomUUID()}`;
  records.edit("observation", observation, {
    [late]: { at: "2026-03-02T11:00:00.000Z", text: "late" },
    [early]: { at: "2026-03-02T09:00:00.000Z", text: "early" },
    [`log/${crypto.randomUUID()}`]: { at: "2026-03-02T08:00:00.000Z", withdrawn: true },
  });
  records.edit("person", people[1], { withdrawn: "twice" });
  const sitting = records.sitting(observation);
  assert.equal(sitting.case.id, trial);
  assert.equal(sitting.hearing.id, hearing);
  assert.deepEqual(sitting.people.map(({ id }) => id), [people[0]]);
  assert.deepEqual(sitting.entries.map(([, entry]) => entry.text), ["early", "late"]);
  assert.equal(sitting.holder("a.title").id, trial);
  assert.equal(sitting.holder("b.open").id, observation);
  assert.ok(sitting.assessment);
  assert.throws(() => records.sitting(trial), { code: "no_such_record" });
});

test("a field's history has the draft first, then the latest", async () => {
  const { records } = await desk();
  const by = await colleague();
  const one = await by({ kind: "case", fields: { title: "one" } });
  const two = await by({ kind: "case", record: one.record, parents: [one.hash], fields: { title: "two" }, recordedAt: "2026-03-02T09:40:00.000Z" });
  await records.keepPulled({ put: [pulled(two), pulled(one)] });
  records.edit("case", one.record, { title: "three" });
  const found = records.history(one.record, "title");
  assert.deepEqual(found.map(({ value, own, draft }) => [value, own, draft]), [
    ["three", true, true],
    ["two", false, false],
    ["one", false, false],
  ]);
});

test("a field may be called as what every object has", async () => {
  const { records } = await desk();
  const id = records.create("case", { title: "t" });
  records.edit("case", id, { "overrides/constructor": { reason: "x" }, constructor: "y" });
  assert.equal(records.get(id).values.constructor, "y");
  await send(records, [id]);
  assert.deepEqual(plain(records.get(id).dirty), {});
  assert.equal(records.get(id).sent.values.constructor, "y");
});

test("listeners hear which records changed, and a reader changes nothing", async () => {
  const { records } = await desk();
  const heard = [];
  const end = records.onchange((ids) => heard.push(...ids));
  const { trial } = court(records);
  assert.ok(heard.includes(trial));
  end();
  records.readOnly = true;
  const count = heard.length;
  assert.throws(() => records.edit("case", trial, { title: "x" }), { code: "read_only" });
  await assert.rejects(send(records, [trial]), { code: "read_only" });
  assert.equal(heard.length, count);
});

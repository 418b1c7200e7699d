import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { send } from "../src/records/cut.js";
import { RETURNED, HANDED_IN, phoneGaps } from "../src/rules/late.js";
import { openQueries } from "../src/screens/attention.js";
import { stampCustody } from "../src/screens/custody.js";
import { allConflicts, conflictsOf, isKept, keep } from "../src/screens/disputes.js";
import { repliesOf, reply, replyEntry } from "../src/screens/query.js";
import { colleague, court, desk, pulled } from "./records_desk.js";

/** A phone with a hearing that was sent, and the app as far as these know it. */
async function scene() {
  const { records, rows, saver } = await desk();
  const ids = court(records);
  await send(records, [ids.trial, ids.hearing, ...ids.people, ids.observation]);
  const sitting = (params) => records.sitting(params.observation);
  return { app: { records, rows, saver, sitting, loop: null }, records, ids };
}

/** The title that one gave, and another that a colleague gave without knowing of it. */
async function disputed() {
  const at = await scene();
  const { records, ids } = at;
  const [before] = records.get(ids.trial).sent.heads;
  records.edit("case", ids.trial, { title: "Fictional case seven" });
  await send(records, [ids.trial]);
  const other = await colleague();
  const change = await other({ kind: "case", record: ids.trial, parents: [before], fields: { title: "Fictional case VII" } });
  await records.keepPulled({ put: [pulled(change)] });
  return at;
}

test("a conflict has all versions, and keeping one settles it until it is sent", async () => {
  const { records, ids } = await disputed();
  const [conflict] = allConflicts(records);
  assert.deepEqual([conflict.path, conflict.settled], ["title", false]);
  assert.deepEqual(conflict.versions.map(({ author }) => author).sort(), ["A1", "B2"]);
  const chosen = conflict.versions.find(({ author }) => author === "B2");
  keep(records, ids.trial, "title", chosen.hash);
  const [settled] = conflictsOf(records, records.get(ids.trial));
  assert.equal(settled.settled, true);
  assert.deepEqual(settled.versions.map((version) => isKept(settled, version)), settled.versions.map(({ author }) => author === "B2"));
  await send(records, [ids.trial]);
  assert.deepEqual([allConflicts(records), records.get(ids.trial).values.title], [[], "Fictional case VII"]);
});

test("to keep what is shown is a choice too", async () => {
  const { records, ids } = await disputed();
  const [{ versions }] = allConflicts(records);
  keep(records, ids.trial, "title", versions[0].hash);
  assert.equal(allConflicts(records)[0].settled, true);
  await send(records, [ids.trial]);
  assert.deepEqual(allConflicts(records), []);
});

test("a draft from before another version came settles nothing", async () => {
  const { records, ids } = await disputed();
  const [{ versions }] = allConflicts(records);
  keep(records, ids.trial, "title", versions[0].hash);
  const third = await colleague("C3");
  const [root] = records.changesOf(ids.trial).filter(({ parents }) => parents.length === 0);
  const change = await third({ kind: "case", record: ids.trial, parents: [root.hash], fields: { title: "Fictional case 007" } });
  const [name, row] = pulled(change);
  await records.keepPulled({ put: [[name, { ...row, at: "2999-01-01T00:00:00.000Z" }]] });
  assert.equal(allConflicts(records)[0].settled, false);
});

test("what somebody settled meanwhile cannot be kept", async () => {
  const { records, ids } = await scene();
  assert.throws(() => keep(records, ids.trial, "title", "f".repeat(64)), { code: "settled" });
});

/** A question of headquarters on a field of an observation. */
async function ask(records, observation, field) {
  const headquarters = await colleague("HQ");
  const change = await headquarters({ kind: "query", fields: { observation, field, question: "Which article?", asked_by: "m.lindqvist" } });
  await records.keepPulled({ put: [pulled(change)] });
  return change.record;
}

test("a reply is a new entry beside the original, which stays as it is", async () => {
  const { app, records, ids } = await scene();
  const entry = "01957000-0000-7000-8000-000000000001";
  const answer = { value: "partly", entries: [entry], comment: "", answered_at: "2026-03-02T10:00:00Z" };
  const path = `answers/b.open/${ids.people[0]}`;
  records.edit("observation", ids.observation, { [path]: answer, [`log/${entry}`]: { text: "Seen.", kind: "note", at: "2026-03-02T09:40:00Z" } });
  const query = await ask(records, ids.observation, path);
  assert.deepEqual(openQueries(records).map(({ id }) => id), [query]);
  await reply(app, query, "Article 14 (fictional).", "observed_fact");
  const sitting = records.sitting(ids.observation);
  const [[id, made]] = repliesOf(sitting, records.get(query));
  assert.deepEqual(records.get(ids.observation).values[path], answer);
  assert.deepEqual(
    [made.prompted_by, made.at, made.at_precision, made.items, made.about, made.text],
    [query, "2026-03-02T09:40:00Z", "order_only", ["b.open"], [ids.people[0]], "Article 14 (fictional)."],
  );
  const change = records.changesOf(query).find((each) => each.author === "A1");
  assert.deepEqual(Object.keys(change.set), [`reply/${id}`]);
  assert.equal(change.set[`reply/${id}`].entry, id);
  assert.deepEqual([openQueries(records), records.unsent()], [[], []]);
});

test("a question on an entry, on a field, and on an empty log have a place in time", async () => {
  const { records, ids } = await scene();
  const entry = "01957000-0000-7000-8000-000000000001";
  const about = (field) => replyEntry(records.sitting(ids.observation), { id: "q", values: { field } }, "x", "observed_fact");
  assert.equal(about("attendance").at, "2026-03-02T00:00:00Z");
  records.edit("observation", ids.observation, { [`log/${entry}`]: { text: "Seen.", at: "2026-03-02T09:40:00Z", about: [ids.people[1]] } });
  assert.deepEqual([about(`log/${entry}`).at, about(`log/${entry}`).about], ["2026-03-02T09:40:00Z", [ids.people[1]]]);
  assert.equal(about("attendance").at, "2026-03-02T09:40:00Z");
});

test("a question on another observer's record is not one's own", async () => {
  const { records } = await scene();
  await ask(records, "01957000-0000-7000-8000-00000000000f", "attendance");
  assert.deepEqual(openQueries(records), []);
});

test("handing in and getting back are on disk at once, and two taps are one", async () => {
  const { app, records, ids } = await scene();
  const params = { observation: ids.observation };
  await Promise.all([stampCustody(app, params, HANDED_IN), stampCustody(app, params, HANDED_IN)]);
  const drafts = () => app.rows.entries(`draft/${ids.observation}/log/`).map(([, { value }]) => value.kind);
  assert.deepEqual(drafts(), [HANDED_IN]);
  assert.equal(phoneGaps(records.get(ids.observation).values).at(-1).until, null);
  await delay(2); // times are whole milliseconds
  await stampCustody(app, params, RETURNED);
  await stampCustody(app, params, RETURNED);
  assert.deepEqual(drafts().sort(), [HANDED_IN, RETURNED].sort());
  assert.notEqual(phoneGaps(records.get(ids.observation).values).at(-1).until, null);
});

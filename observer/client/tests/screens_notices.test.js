import assert from "node:assert/strict";
import { test } from "node:test";

import { send } from "../src/records/cut.js";
import { incidentCode } from "../src/rules/incident.js";
import { giveNotice, placeOf, spelled, wantedOf } from "../src/screens/notice.js";
import { acknowledgementOf, passageOf } from "../src/screens/passage.js";
import { colleague, court, desk, pulled } from "./records_desk.js";

/** What the screens know as the app, without a page. */
async function app(here) {
  const calls = [];
  const { records, rows, saver } = here ?? (await desk());
  return { records, rows, saver, calls, loop: { now: () => calls.push("now"), state: { doing: "waiting" } } };
}

/** What headquarters says of an incident. */
async function acknowledge(records, incident, fields = {}, recordedAt = "2026-03-02T11:00:00.000Z") {
  const headquarters = await colleague("HQ");
  const change = await headquarters({ kind: "review", recordedAt, fields: { incident, decision: "acknowledged", by: "m.lindqvist", ...fields } });
  await records.keepPulled({ put: [pulled(change)] });
}

/** Headquarters' receipt of all changes of a record. */
async function receive({ records, rows }, id, state = "stored") {
  for (const { hash } of records.changesOf(id)) {
    const row = rows.get(`change/${hash}`);
    await records.keepPulled({
      put: [
        [`change/${hash}`, { ...row, state, held: true }],
        [`receipt/${hash}`, { state, code: null, hub_seq: 7, received_at: "2026-03-02T10:30:00.000Z", sheet: "" }],
      ],
    });
  }
}

test("an urgent notice is signed alone and first, however much else waits unsent", async () => {
  const here = await app();
  const { trial, observation, people } = court(here.records);
  for (let number = 0; number < 300; number += 1) {
    here.records.edit("observation", observation, { [`log/01957000-0000-7000-8000-${String(number).padStart(12, "0")}`]: { text: "words ".repeat(50), kind: "note" } });
  }
  const wanted = { case: trial, persons: [people[0]], needs: ["lawyer"], text: " taken away (fictional) " };
  const id = await giveNotice(here, "urgent", wanted, { observation });
  const sent = here.rows.entries("change/").map(([, row]) => JSON.parse(row.payload)).sort((a, b) => a.seq - b.seq);
  assert.equal(sent[0].record, id);
  assert.deepEqual(sent.map(({ kind }) => kind), ["incident", "case", "person"]);
  assert.deepEqual(sent[0].set, {
    ...{ practice: true, kind: "urgent", case: trial, observation, persons: [people[0]], needs: ["lawyer"] },
    ...{ hearing: here.records.get(observation).values.hearing, text: "taken away (fictional)" },
    ...{ code: incidentCode(id), opened_at: sent[0].set.opened_at },
  });
  assert.deepEqual(here.calls, ["now"]);
  assert.ok(here.records.unsent().some((record) => record.id === observation));
});

test("what stood in the form survives a restart, and is gone with what was sent", async () => {
  const phone = await desk();
  phone.saver.set("meta/notice/urgent", { case: "", persons: [], needs: ["doctor"], text: "x" });
  await phone.saver.flush();
  const here = await app(await phone.again());
  const id = await giveNotice(here, "urgent", wantedOf(here, "urgent", {}), {});
  const { records, saver } = await phone.again();
  assert.deepEqual([records.get(id).values.needs, records.unsent()], [["doctor"], []]);
  assert.equal(saver.get("meta/notice/urgent"), undefined);
});

test("a notice that could not be signed stays, and says that it was not sent", async () => {
  const here = await app();
  here.rows.write = (() => {
    const write = here.rows.write.bind(here.rows);
    return (what) => ([...(what.put ?? [])].some(([name]) => name.startsWith("change/")) ? Promise.reject(new Error("no space")) : write(what));
  })();
  await assert.rejects(giveNotice(here, "urgent", wantedOf(here, "urgent", {}), {}));
  const [record] = here.records.all("incident");
  assert.equal(passageOf(here, record.id).reached, "unsent");
});

test("each step is told only when it is known", async () => {
  const here = await app();
  const id = await giveNotice(here, "urgent", wantedOf(here, "urgent", {}), {});
  assert.equal(passageOf(here, id).reached, "waiting");
  const [{ hash }] = here.records.changesOf(id);
  await here.rows.write({ put: [[`sent/${hash}`, { state: "sent" }]] });
  assert.equal(passageOf(here, id).reached, "passed");
  await receive(here, id);
  assert.deepEqual(
    [passageOf(here, id).reached, passageOf(here, id).receivedAt, passageOf(here, id).acknowledged],
    ["received", "2026-03-02T10:30:00.000Z", null],
  );
  await acknowledge(here.records, id, { comment: "We call you." });
  assert.deepEqual(passageOf(here, id).acknowledged, { by: "m.lindqvist", at: "2026-03-02T11:00:00.000Z", words: "We call you." });
});

test("what headquarters kept apart is not said to be received", async () => {
  const here = await app();
  const id = await giveNotice(here, "incident", wantedOf(here, "incident", {}), {});
  await receive(here, id, "quarantined");
  assert.equal(passageOf(here, id).reached, "apart");
});

test("who acknowledged it has it, also without a receipt; another's notice is another's", async () => {
  const here = await app();
  const id = await giveNotice(here, "urgent", wantedOf(here, "urgent", {}), {});
  await acknowledge(here.records, "01957000-0000-7000-8000-000000000001");
  assert.equal(passageOf(here, id).reached, "waiting");
  await acknowledge(here.records, id, { decision: "noted" });
  assert.equal(passageOf(here, id).acknowledged, null);
  await acknowledge(here.records, id);
  assert.equal(passageOf(here, id).reached, "received");
  await acknowledge(here.records, id, { by: "j.okafor" }, "2026-03-02T12:00:00.000Z");
  assert.equal(acknowledgementOf(here.records.all("review"), id).by, "j.okafor");
});

test("the form begins with where one is, and a place is never guessed for what is sent", async () => {
  const here = await app();
  assert.equal(wantedOf(here, "urgent", {}).case, "");
  const { trial, hearing, observation } = court(here.records);
  assert.equal(wantedOf(here, "urgent", {}).case, trial);
  assert.deepEqual(placeOf(here, {}), {});
  assert.deepEqual(placeOf(here, { hearing }), { case: trial, hearing });
  assert.deepEqual(placeOf(here, { observation }), { case: trial, hearing, observation });
  const other = here.records.create("case", { title: "Fictional case 8" });
  assert.equal(wantedOf(here, "urgent", {}).case, "");
  const id = await giveNotice(here, "urgent", { ...wantedOf(here, "urgent", {}), case: other }, { observation });
  assert.deepEqual([here.records.get(id).values.case, here.records.get(id).values.observation], [other, undefined]);
});

test("notices are sent again without becoming two", async () => {
  const here = await app();
  const id = await giveNotice(here, "safe_arrival", wantedOf(here, "safe_arrival", {}), {});
  assert.deepEqual(await send(here.records, [id]), []);
  assert.equal(here.records.changesOf(id).length, 1);
});

test("a code is read out in two groups", () => assert.equal(spelled("2PF2DB"), "2PF 2DB"));

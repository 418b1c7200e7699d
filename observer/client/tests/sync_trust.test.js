/** What a phone believes, and what it does not. */

import "./store_disk.js";
import assert from "node:assert/strict";
import test from "node:test";
import { wire } from "../src/protocol/change.js";
import { envelopeOf, keptHash } from "../src/protocol/change.js";
import { uuid7 } from "../src/protocol/ids.js";
import { DeviceKey } from "../src/protocol/keys.js";
import { readInvitation } from "../src/sync/enrol.js";
import { oldestUnsent, standings } from "../src/sync/standing.js";
import { enrolled, Hub, Writer, colleague, written } from "./sync_hub.js";

test("an invitation is whole or none", () => {
  const text = ` http://r.invalid/#mission=m&code=ABC&hub=${"0a".repeat(32)}&practice=1 `;
  assert.deepEqual(readInvitation(text), {
    ...{ address: "http://r.invalid", mission: "m", code: "ABC", hub: "0a".repeat(32), practice: true },
  });
  for (const cut of [text.slice(0, 40), "", "http://r.invalid", text.replace(/hub=\w+/, "hub=0a")]) {
    assert.throws(() => readInvitation(cut), { code: "bad_request" });
  }
});

test("what is sent stands as received once headquarters signed for it", async () => {
  const phone = await enrolled();
  const { id, change } = await written(phone);
  assert.deepEqual(standings(phone.records).map(({ states: found }) => found), [["waiting"]]);
  const found = await phone.session().run();
  assert.deepEqual([found.sent, found.carried], [1, 0]);
  assert.equal(phone.rows.get(`receipt/${change.hash}`).state, "stored");
  assert.deepEqual(standings(phone.records).map((each) => [each.record.id, each.states, each.since]), [[id, ["stored"], ""]]);
  assert.equal(oldestUnsent(phone.records), null);
  assert.equal(phone.rows.get("meta/condition").code, "");
});

test("headquarters' verdict is taken over: what it keeps apart gives no value here either", async () => {
  const phone = await enrolled();
  const { id, change } = await written(phone);
  phone.hub.receipt = (hash) => Hub.prototype.receipt.call(phone.hub, hash, { state: "quarantined", code: "not_allowed" });
  const { quarantined } = await phone.session().run();
  assert.deepEqual(quarantined.map(({ hash, code }) => [hash, code]), [[change.hash, "not_allowed"]]);
  assert.deepEqual({ ...phone.records.find(id).values }, {});
  const [told] = standings(phone.records);
  assert.deepEqual([told.states, told.isTrouble, told.refusals[0].code], [["quarantined"], true, "not_allowed"]);
});

test("the second of two changes with one number is kept aside and gives no value", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const twin = new Writer(writer.device, "BEN", writer.key);
  const one = await writer.write("case", uuid7(), { title: "One" });
  const other = await twin.write("case", uuid7(), { title: "Other" });
  phone.hub.pages.push({ changes: [record, one, other].map(wire), cursor: "c" });
  const { unread } = await phone.session().run();
  assert.deepEqual(unread, ["fork"]);
  assert.equal(phone.records.find(other.record), null);
  assert.equal(phone.rows.get(`fork/${other.hash}`).payload, other.payload);
});

test("what others wrote and headquarters is not known to hold is not forgotten", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const theirs = await writer.write("case", uuid7(), { title: "Fictional" });
  phone.hub.pages.push({ changes: [record, theirs].map(wire), cursor: "c1" });
  await phone.session().run();
  const name = `change/${theirs.hash}`;
  await phone.records.keepPulled({ put: [[name, { ...phone.rows.get(name), held: false }]] });
  phone.hub.pages.push({ forget: [theirs.record], cursor: "c2" });
  phone.hub._push = async () => ({ ...phone.hub.rest, receipts: [], known: [], heads: {}, stopped: { [writer.device]: { seq: 1, code: "gap" } } });
  await phone.session().run();
  assert.ok(phone.rows.get(name));
});

test("a receipt that headquarters did not sign counts for nothing", async () => {
  const phone = await enrolled();
  const { change } = await written(phone);
  const stranger = await Writer.named("HQ");
  for (const by of [stranger, Object.assign(await Writer.named("HQ"), { device: phone.hub.writer.device })]) {
    phone.hub._push = async () => {
      const receipts = [await phone.hub.sheet([phone.hub.receipt(change.hash)], { by })];
      return { ...phone.hub.rest, heads: {}, known: [change.hash], stopped: {}, receipts };
    };
    await assert.rejects(phone.session().run(), { code: "forged_receipt" });
    assert.equal(phone.rows.get(`receipt/${change.hash}`), undefined);
    assert.ok(!phone.rows.get(`change/${change.hash}`).held);
  }
});

test("that a change is known, without a receipt, is no receipt", async () => {
  const phone = await enrolled();
  const { change } = await written(phone);
  phone.hub._push = async () => ({ ...phone.hub.rest, heads: {}, known: [change.hash], stopped: {}, receipts: [] });
  await assert.rejects(phone.session().run(), { code: "forged_receipt" });
  assert.ok(!phone.rows.get(`change/${change.hash}`).held);
});

test("a relay's sheet says sent and no more", async () => {
  const phone = await enrolled();
  const { change } = await written(phone);
  const { writer: relay, record } = await colleague(phone.hub, "RELAY", "relay");
  phone.hub._push = async () => {
    const receipts = [await phone.hub.sheet([phone.hub.receipt(change.hash)], { by: relay })];
    return { ...phone.hub.rest, heads: {}, known: [], stopped: {}, receipts, relay: [wire(record)] };
  };
  const found = await phone.session().run();
  assert.equal(found.carried, 1);
  assert.ok(phone.rows.get(`sent/${change.hash}`));
  assert.equal(phone.rows.get(`receipt/${change.hash}`), undefined);
  assert.deepEqual(standings(phone.records)[0].states, ["sent"]);
});

test("a change that its device did not sign takes the whole page with it", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const good = await writer.write("case", uuid7(), { title: "Fictional" });
  const bad = { ...wire(good), payload: good.payload.replace("Fictional", "Forged") };
  const before = phone.rows.get("meta/cursor");
  phone.hub.pages.push({ changes: [wire(record), bad], cursor: "later" });
  await assert.rejects(phone.session().run(), { code: "forged_receipt" });
  assert.equal(phone.rows.get("meta/cursor"), before);
  assert.equal(phone.rows.get(`change/${record.hash}`), undefined);
});

test("words that are headquarters' alone are not taken from anybody, whatever the answer says", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const own = await written(phone);
  const evil = await DeviceKey.generate();
  const changes = [
    await writer.write("device", uuid7(), { author: "HQ", role: "hub", public_key: evil.publicKey }),
    await writer.write("erasure", uuid7(), { hashes: [own.change.hash], by: ["x", "y"], reason: "none" }),
    await writer.write("assignment", uuid7(), { case: own.id, author: "BEN" }),
    await writer.write("query", uuid7(), { question: "Really?" }),
  ];
  phone.hub.pages.push({ changes: [record, ...changes].map(wire), cursor: "later" });
  await phone.session().run();
  assert.equal(phone.rows.get("meta/cursor"), "later");
  for (const { hash } of changes) assert.equal(phone.rows.get(`change/${hash}`).code, "not_allowed");
  assert.ok(phone.rows.get(`change/${own.change.hash}`).payload, "nothing was erased");
});

test("a page comes whole with its cursor, or not at all", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const one = await writer.write("case", uuid7(), { title: "Fictional" });
  phone.hub.pages.push({ changes: [record, one].map(wire), cursor: "second", more: true });
  phone.hub.plan.push(null, () => Promise.reject(new TypeError("gone")));
  await assert.rejects(phone.session().run(), { code: "not_reached" });
  assert.equal(phone.rows.get("meta/cursor"), "second");
  assert.equal(phone.records.find(one.record).values.title, "Fictional");
});

test("what is quarantined gives no value and keeps its place; of others only the envelope comes", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const id = uuid7();
  const first = await writer.write("case", id, { title: "One" });
  const second = await writer.write("case", id, { title: "Two" }, [first.hash]);
  const third = await writer.write("case", id, { court: "Three" }, [second.hash]);
  const { signature, hash } = second;
  const envelope = { envelope: envelopeOf(second.payload), signature, hash, code: "not_allowed" };
  phone.hub.pages.push({ changes: [wire(record), wire(first), wire(third), envelope], cursor: "c" });
  await phone.session().run();
  const { sent } = phone.records.find(id);
  assert.deepEqual({ ...sent.values }, { title: "One", court: "Three" });
  assert.deepEqual(sent.heads, [third.hash]);
});

test("an erased change stays as its envelope, and only because headquarters signed for it", async () => {
  const phone = await enrolled();
  const { id, change } = await written(phone);
  await phone.session().run();
  const { signature, hash } = change;
  const left = { envelope: envelopeOf(change.payload), signature, hash };
  const unsaid = { ...left, hash: "f".repeat(64) };
  phone.hub.pages.push({ changes: [unsaid], cursor: "c1" });
  await phone.session().run();
  assert.equal(phone.rows.get(`change/${unsaid.hash}`), undefined);
  const kept = { [`kept/${hash}`]: await keptHash(left.envelope, signature) };
  const restated = { [`restated/${hash}/title`]: "A case (erased)" };
  const erasure = await phone.hub.writer.write("erasure", uuid7(), { hashes: [hash], by: ["v", "p"], reason: "r", ...kept, ...restated });
  phone.hub.pages.push({ changes: [wire(erasure), left], cursor: "c2" });
  await phone.session().run();
  assert.equal(phone.rows.get(`change/${hash}`).payload, undefined);
  assert.ok(!JSON.stringify(phone.rows.entries("")).includes("Fictional case 1"));
  assert.equal(phone.records.find(id).values.title, "A case (erased)");
});

test("what is left of an erased change must be what its erasure says", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const change = await writer.write("case", uuid7(), { title: "Named" });
  const { signature, hash } = change;
  const erasure = await phone.hub.writer.write("erasure", uuid7(), { hashes: [hash], by: ["v", "p"], reason: "r", [`kept/${hash}`]: "0".repeat(64) });
  phone.hub.pages.push({ changes: [wire(record), wire(erasure), { envelope: envelopeOf(change.payload), signature, hash }], cursor: "c" });
  await assert.rejects(phone.session().run(), { code: "forged_receipt" });
});

test("what is out of sight is forgotten, one's own words are not", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub);
  const { id, change } = await written(phone);
  const theirs = await writer.write("case", id, { court: "District" }, [change.hash]);
  phone.hub.pages.push({ changes: [record, theirs].map(wire), cursor: "c1" }, { forget: [id], cursor: "c2" });
  await phone.session().run();
  assert.equal(phone.records.find(id).values.court, "District");
  await phone.session().run();
  assert.deepEqual({ ...phone.records.find(id).values }, { title: "Fictional case 1", practice: true });
});

test("one's own words from another device come with headquarters' verdict", async () => {
  const phone = await enrolled();
  const { writer, record } = await colleague(phone.hub, "ANNA");
  const apart = await writer.write("case", uuid7(), { title: "Kept apart" });
  phone.hub.pages.push({ changes: [wire(record), { ...wire(apart), code: "unknown_field" }], cursor: "c" });
  await phone.session().run();
  assert.equal(phone.rows.get(`change/${apart.hash}`).code, "unknown_field");
  assert.deepEqual({ ...phone.records.find(apart.record)?.values }, {});
  const first = await written(phone);
  phone.hub.pages.push({ changes: [{ ...wire(first.change), code: "not_allowed" }], cursor: "c2" });
  await phone.session().run();
  assert.equal(phone.rows.get(`change/${first.change.hash}`).state, "quarantined", "also of what was here");
});

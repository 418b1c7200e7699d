/** What a phone believes, and what it does not. */

import "./store_disk.js";
import assert from "node:assert/strict";
import test from "node:test";
import { wire } from "../src/protocol/change.js";
import { envelopeOf, keptHash } from "../src/protocol/change.js";
import { uuid7 } from "../src/protocol/ids.js";
import { DeviceKey } from "../src/protocol/keys.js";
import { send } from "../src/records/cut.js";
import { readInvitation } from "../src/sync/enrol.js";
import { oldestUnsent, standings } from "../src/sync/standing.js";
import { enrolled, Hub, refused, said, Writer } from "./sync_hub.js";

async function written(phone, fields = { title: "Fictional case 1" }) {
  const id = phone.records.create("case", fields);
  const [change] = await send(phone.records, [id]);
  return { id, change };
}

/** A colleague whose device headquarters has enrolled, and the record of it. */
async function colleague(hub, author = "BEN", role = "observer") {
  const writer = await Writer.named(author);
  return { writer, record: await hub.record(writer.device, author, writer.key, role) };
}

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

test("a gap is filled from headquarters' head on, once", async () => {
  const phone = await enrolled();
  const first = await written(phone);
  await phone.session().run();
  const second = await written(phone);
  const { _push: taking } = Object.getPrototypeOf(phone.hub);
  phone.hub._push = async (body) => {
    phone.hub._push = taking;
    assert.deepEqual(body.changes.map(({ payload }) => payload), [second.change.payload]);
    const stopped = { [phone.profile.device]: { seq: 2, code: "gap", error: "", status: 409, retry: true } };
    return { ...phone.hub.rest, receipts: [], known: [], stopped, heads: { [phone.profile.device]: { seq: 0, hash: "" } } };
  };
  phone.hub.taken.clear();
  await phone.session().run();
  assert.deepEqual([...phone.hub.taken.keys()], [first.change.hash, second.change.hash]);
});

test("signed out is a state of its own: it signs in again, or says so", async () => {
  const phone = await enrolled();
  phone.hub.plan.push(() => refused("signed_out", { retry: true }, { status: 401 }));
  await phone.session().run();
  assert.equal(phone.transport.token, "fresh");
  phone.hub.fetch = null;
  phone.transport.token = "";
  phone.transport.fetch = async () => refused("device_revoked", {}, { status: 403 });
  await assert.rejects(phone.session().run(), { code: "device_revoked" });
  const condition = phone.rows.get("meta/condition");
  assert.equal(condition.code, "device_revoked");
  assert.ok(condition.last_good_at);
});

test("a new headquarters is followed only on the former one's word", async () => {
  const phone = await enrolled();
  const { change } = await written(phone);
  await phone.session().run();
  assert.equal(phone.rows.get(`change/${change.hash}`).held, true);
  const next = await Hub.open();
  const statement = async (by) => {
    const { device, key } = next.writer;
    const payload = JSON.stringify({
      ...{ v: 1, mission: "practice_1", former: phone.hub.writer.device, hub: device },
      ...{ public_key: key.publicKey, epoch: next.epoch, at: "2026-03-02T09:30:00.000Z" },
    });
    return { payload, signature: await by.sign("epoch", payload) };
  };
  const answer = (succession) => async (url, how) => {
    if (url.endsWith("/token") && succession) {
      const given = succession;
      succession = null;
      return refused("new_epoch", { succession: given });
    }
    return next.fetch(url, how);
  };
  phone.transport.token = "";
  phone.transport.fetch = answer([await statement(await DeviceKey.generate())]);
  await assert.rejects(phone.session().run(), { code: "forged_receipt" });
  assert.equal(phone.rows.get("meta/hub_device"), phone.hub.writer.device);
  phone.transport.fetch = answer([await statement(phone.hub.writer.key)]);
  const found = await phone.session().run();
  assert.deepEqual([found.newEpoch, found.sent], [true, 3], "with what the former one wrote");
  assert.ok(next.calls.some(({ call }) => call === "heads"), "asked what it has");
  assert.ok(next.taken.has(change.hash), "sent again, since the new one did not have it");
});

test("one conversation at a time, also across windows", async () => {
  const phone = await enrolled();
  const running = phone.session().run();
  await assert.rejects(phone.session().run(), { code: "sync_running" });
  await running;
  const locks = { request: async (_name, _how, work) => work(null) };
  await assert.rejects(phone.session({ locks }).run(), { code: "sync_running" });
  await phone.session().run();
});

test("a person may stop it; that is no failure of the connection", async () => {
  const phone = await enrolled();
  await phone.session().run();
  const ending = new AbortController();
  phone.transport.fetch = async () => {
    ending.abort();
    throw new TypeError("aborted");
  };
  await assert.rejects(phone.session().run({ signal: ending.signal }), { canceled: true });
  assert.equal(phone.rows.get("meta/condition").code, "");
});

test("files come after text; one that is refused blocks no other, and text goes between their pieces", async () => {
  const phone = await enrolled();
  const observation = phone.records.create("observation", { mode: "in_person" });
  await send(phone.records, [observation]);
  const names = [];
  for (const letter of ["a", "b"]) {
    const bytes = new TextEncoder().encode(letter.repeat(9000));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    await phone.rows.putFile(sha256, bytes, { type: "application/pdf" });
    const fields = { observation, sha256, size: bytes.length, type: "application/pdf" };
    await send(phone.records, [phone.records.create("attachment", fields)]);
    names.push(sha256);
  }
  const there = new Map([[names[1], 1000]]);
  let late = null;
  const fetch = phone.hub.fetch;
  phone.transport.fetch = async (url, how) => {
    const sha256 = names.find((name) => url.endsWith(name));
    if (!sha256) return fetch(url, how);
    const headers = { "Trial-Sync": "1", "Upload-Offset": String(there.get(sha256) ?? 0) };
    if (sha256 === names[0]) return new Response(null, { status: 415, headers: { ...headers, "Trial-Code": "wrong_blob_type" } });
    if (how.method === "HEAD") return new Response(null, { status: 200, headers });
    assert.equal(how.headers["Upload-Offset"], headers["Upload-Offset"]);
    there.set(sha256, (there.get(sha256) ?? 0) + how.body.length);
    late ??= await written(phone);
    return new Response(null, { status: 204, headers: { ...headers, "Upload-Offset": String(there.get(sha256)) } });
  };
  await phone.session().run();
  const [bad, good] = names.map((name) => phone.rows.get(`file/${name}`));
  assert.deepEqual([bad.state, bad.code], ["refused", "wrong_blob_type"]);
  assert.deepEqual([good.state, good.offset], ["received", 9000]);
  assert.equal(phone.rows.get(`change/${late.change.hash}`).held, true, "text did not wait for the file");
});

test("an answer of the page itself does not end in a fault", async () => {
  const phone = await enrolled();
  phone.transport.fetch = async () => said({ ok: true });
  await assert.rejects(phone.session().run(), { code: "new_epoch" });
});

test("after a fork the device goes on as a new one, and cuts again what was not taken", async () => {
  const phone = await enrolled();
  const first = await written(phone);
  await phone.session().run();
  const { hub } = phone;
  hub._renew = async ({ payload }) => {
    const { device, successor, public_key } = JSON.parse(payload);
    const made = await hub.record(successor, "ANNA", { publicKey: public_key });
    const old = await hub.writer.write("device", device, { revoked_at: "2026-03-02T09:30:00.000Z", renewed_as: successor });
    return { ok: true, token: "next", changes: [made, old].map(wire) };
  };
  phone.records.edit("case", first.id, { court: "District" });
  phone.records.now = () => "2026-03-02T08:00:00.000Z";
  const [second] = await send(phone.records, [first.id]);
  phone.records.edit("case", first.id, { court: "District of Example" });
  phone.records.now = () => "2026-03-02T07:00:00.000Z";
  await send(phone.records, [first.id]);
  const { _push: taking } = Object.getPrototypeOf(hub);
  hub._push = async () => {
    hub._push = taking;
    const stopped = { [phone.profile.device]: { seq: 2, code: "fork", error: "", status: 409, retry: false } };
    return { ...hub.rest, receipts: [], known: [], stopped, heads: {} };
  };
  const found = await phone.session().run();
  assert.equal(found.renewed, true);
  const { device } = phone.rows.get("meta/profile");
  assert.notEqual(device, phone.profile.device);
  assert.ok(phone.rows.get(`fork/${second.hash}`), "what was signed with the old key stays as evidence");
  const record = phone.records.find(first.id);
  assert.deepEqual({ ...record.dirty }, { court: "District of Example" });
  assert.deepEqual([...record.seen.values()], [[first.change.hash]]);
  const [again] = await send(phone.records, [first.id]);
  assert.deepEqual([again.device, again.seq, again.prev, again.parents], [device, 1, "", [first.change.hash]]);
  assert.equal((await phone.session().run()).sent, 1);
});

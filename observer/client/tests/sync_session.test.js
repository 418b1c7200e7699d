/** A conversation as a whole: signing in, gaps, forks, a restored headquarters, files. */

import "./store_disk.js";
import assert from "node:assert/strict";
import test from "node:test";
import { wire } from "../src/protocol/change.js";
import { DeviceKey } from "../src/protocol/keys.js";
import { send } from "../src/records/cut.js";
import { enrolled, Hub, refused, said, written } from "./sync_hub.js";

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
  const { _heads: asked } = Object.getPrototypeOf(next);
  next._heads = async () => {
    next._heads = asked;
    throw new TypeError("gone");
  };
  await assert.rejects(phone.session().run(), { code: "not_reached" });
  assert.equal(phone.rows.get(`change/${change.hash}`).held, false, "until it has said what it has");
  phone.transport.token = "";
  const found = await phone.session().run();
  assert.equal(found.sent, 3, "with what the former one wrote");
  assert.equal(next.evidence.length, 1, "how it was judged before is signed for");
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

test("a restored headquarters that has another end of one's chain is sent all of it", async () => {
  const phone = await enrolled();
  const { change } = await written(phone);
  await phone.session().run();
  const next = await Hub.open();
  const payload = JSON.stringify({
    ...{ v: 1, mission: "practice_1", former: phone.hub.writer.device, hub: next.writer.device },
    ...{ public_key: next.writer.key.publicKey, epoch: next.epoch, at: "2026-03-02T09:30:00.000Z" },
  });
  const succession = [{ payload, signature: await phone.hub.writer.key.sign("epoch", payload) }];
  next._token = async () => ({ ok: true, token: "fresh" });
  next._heads = async () => ({ ...next.rest, heads: { [phone.profile.device]: { seq: 5, hash: "a".repeat(64) } } });
  let told = false;
  phone.transport.token = "";
  phone.transport.fetch = async (url, how) => {
    if (told || !url.endsWith("/token")) return next.fetch(url, how);
    told = true;
    return refused("new_epoch", { succession });
  };
  await phone.session().run();
  assert.ok(next.taken.has(change.hash));
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

/** A headquarters that takes a device's place over from another one, as `renew` has it. */
function renewing(hub) {
  hub._renew = async ({ payload }) => {
    const { successor, public_key } = JSON.parse(payload);
    const made = await hub.record(successor, "ANNA", { publicKey: public_key });
    return { ok: true, token: "next", changes: [wire(made)] };
  };
}

test("an older copy of a phone is told by headquarters' head, and goes on as another device", async () => {
  const phone = await enrolled();
  renewing(phone.hub);
  phone.hub.pages.push({ head: { seq: 7, hash: "a".repeat(64) }, cursor: "c" });
  const found = await phone.session().run();
  assert.equal(found.renewed, true);
  assert.notEqual(phone.rows.get("meta/profile").device, phone.profile.device);
});

test("a renewal whose answer was lost goes on with the same successor", async () => {
  const phone = await enrolled();
  renewing(phone.hub);
  const asked = [];
  const { _renew: answering } = phone.hub;
  phone.hub._renew = async (body) => {
    asked.push(JSON.parse(body.payload).successor);
    if (asked.length === 1) throw new TypeError("gone");
    return answering(body);
  };
  phone.hub.pages.push({ head: { seq: 7, hash: "a".repeat(64) }, cursor: "c" });
  await assert.rejects(phone.session().run(), { code: "not_reached" });
  assert.equal(phone.rows.get("meta/profile").device, phone.profile.device);
  phone.transport.token = "";
  const { _token: signing } = phone.hub;
  phone.hub._token = async (body) => {
    const { device } = JSON.parse(body.payload);
    assert.equal(device, asked[0], "the old device can no longer sign in");
    return signing.call(phone.hub, body);
  };
  await phone.session().run();
  assert.equal(asked[0], asked[1]);
  assert.equal(phone.rows.get("meta/profile").device, asked[0]);
});

test("a headquarters that does not know the device is shown its record; the token in hand may be old", async () => {
  const phone = await enrolled();
  const shown = [];
  phone.hub._token = async (body) => {
    shown.push(body.records);
    if (shown.length === 1) throw refused("unknown_device", {}, { status: 403 });
    return { ok: true, token: "fresh" };
  };
  const { fetch } = phone.hub;
  phone.transport.fetch = async (url, how) => {
    try {
      return await fetch(url, how);
    } catch (answer) {
      if (answer instanceof Response) return answer;
      throw answer;
    }
  };
  phone.hub.plan.push(() => refused("unknown_device", {}, { status: 403 }));
  await phone.session().run();
  assert.equal(shown[0], undefined);
  assert.deepEqual(shown[1].map(({ payload }) => JSON.parse(payload).record), [phone.profile.device]);
});

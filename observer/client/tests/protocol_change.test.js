import assert from "node:assert/strict";
import { test } from "node:test";

import { fromB64url } from "../src/protocol/bytes.js";
import * as change from "../src/protocol/change.js";
import { engine, native, noble } from "../src/protocol/ed25519.js";
import { DeviceKey, check, fingerprint } from "../src/protocol/keys.js";
import { issuerOf, readSheet } from "../src/protocol/receipts.js";
import { vectors } from "./vectors.js";

const { signer: given, signatures, made, read, erased } = vectors("change");
const seed = fromB64url(given.seed);
const engines = [native, await noble()];
const signer = { ...given, key: await DeviceKey.load(seed) };

for (const by of engines) {
  test(`keys by ${by.name}`, async () => {
    const key = await DeviceKey.load(seed, by);
    assert.equal(key.publicKey, given.public_key);
    assert.deepEqual(key.seed, seed);
    assert.equal(await fingerprint(key.publicKey), given.fingerprint);
    for (const { purpose, payload, signature } of signatures) {
      assert.equal(await key.sign(purpose, payload), signature);
      await check(key.publicKey, purpose, payload, signature, by);
      const other = purpose === "token" ? "enrol" : "token";
      const wrong = { code: "bad_signature" };
      await assert.rejects(check(key.publicKey, other, payload, signature, by), wrong);
      await assert.rejects(check(key.publicKey, purpose, `${payload} `, signature, by), wrong);
      await assert.rejects(check(key.publicKey, purpose, "\ud800", signature, by), wrong);
      await assert.rejects(check(key.publicKey.slice(1), purpose, payload, signature, by), wrong);
      await assert.rejects(check(key.publicKey, purpose, payload, null, by), wrong);
    }
  });
}

test("a new key is another each time, and unknown purposes sign nothing", async () => {
  const [one, other] = await Promise.all([DeviceKey.generate(), DeviceKey.generate()]);
  assert.notEqual(one.publicKey, other.publicKey);
  await assert.rejects(one.sign("anything", "x"), RangeError);
  await assert.rejects(DeviceKey.load(new Uint8Array(31)), RangeError);
});

test("the browser's own Ed25519 is taken where there is one", async () => {
  assert.equal(await engine(), native);
});

test("where there is none, the file of another is loaded", async (context) => {
  context.mock.method(crypto.subtle, "importKey", async () => {
    throw new DOMException("Unrecognized name.", "NotSupportedError");
  });
  // A fresh copy of the module has not asked yet.
  const fresh = await import("../src/protocol/ed25519.js?without");
  assert.equal((await fresh.engine()).name, "noble");
});

for (const { name, change: asked, payload, hash, signature, envelope, kept } of made) {
  test(`change: ${name}`, async () => {
    const found = await change.make(signer, { ...asked, recordedAt: asked.recorded_at });
    assert.deepEqual([found.payload, found.hash, found.signature], [payload, hash, signature]);
    assert.deepEqual(change.wire(found), { payload, signature });
    assert.equal(change.envelopeOf(payload), envelope);
    assert.equal(await change.keptHash(envelope, signature), kept);
    assert.deepEqual(found, await change.read(payload, signature));
  });
}

for (const { name, payload, refused, counts, later } of read) {
  test(`read: ${name}`, async () => {
    if (refused !== null) {
      await assert.rejects(change.read(payload, "signature"), { code: refused });
      return;
    }
    const found = await change.read(payload, "signature");
    assert.deepEqual([found.counts, found.later], [counts, later]);
    assert.equal((await change.read(payload, "signature", { counts: false })).counts, false);
    if (later) assert.deepEqual(found.set, {});
  });
}

for (const { name, envelope, signature, hash, restated, refused, ...expect } of erased) {
  test(`erased: ${name}`, async () => {
    const reading = change.readErased(envelope, signature, hash, restated);
    if (refused !== undefined) {
      await assert.rejects(reading, { code: refused });
      return;
    }
    const { author, set, counts, ...found } = await reading;
    assert.deepEqual({ author, set, counts }, expect);
    assert.ok(found.erased);
    assert.deepEqual(change.wire(found), { envelope, hash, signature });
  });
}

test("fields that do not fit into one change are told from bad ones", async () => {
  const asked = { ...made[0].change, recordedAt: made[0].change.recorded_at };
  const large = { ...asked, fields: { note: "x".repeat(70_000) } };
  await assert.rejects(change.make(signer, large), { code: "too_large" });
  await assert.rejects(change.make(signer, { ...asked, fields: {} }), { code: "bad_envelope" });
});

const stored = {
  hash: "a".repeat(64),
  device: "d",
  seq: 1,
  state: "stored",
  hub_seq: 7,
  received_at: "2026-03-02T09:30:00.000Z",
};

/** A sheet as a hub with the key of the vectors signs one. */
async function sheet(changed = {}, purpose = "receipt") {
  const payload = JSON.stringify({
    v: 1,
    mission: "training",
    hub: "hub-1",
    epoch: "e1",
    sheet: 4,
    prev: "",
    issued_at: stored.received_at,
    receipts: [stored, { ...stored, state: "quarantined", code: "not_allowed" }],
    ...changed,
  });
  return { payload, signature: await signer.key.sign(purpose, payload) };
}

test("a receipt sheet of the hub is read", async () => {
  const wire = await sheet();
  const { sheet: found, receipts } = await readSheet(wire, "training", given.public_key);
  assert.equal(issuerOf(wire), "hub-1");
  assert.deepEqual([found.hub, found.epoch, found.number], ["hub-1", "e1", 4]);
  const codes = receipts.map(({ state, code, hub_seq }) => [state, code, hub_seq]);
  assert.deepEqual(codes, [["stored", null, 7], ["quarantined", "not_allowed", 7]]);
});

test("a sheet that proves nothing counts for nothing", async () => {
  const other = await DeviceKey.generate();
  const bad = [
    sheet({}, "change"),
    sheet({ mission: "other" }),
    sheet({ receipts: [{ ...stored, state: "perhaps" }] }),
    sheet({ receipts: [null] }),
    sheet({ receipts: undefined }),
    sheet({ sheet: "4" }),
    { payload: "{", signature: await signer.key.sign("receipt", "{") },
    { payload: 1, signature: 2 },
    null,
    undefined,
    "x",
  ];
  for (const wire of bad) {
    const reading = readSheet(await wire, "training", given.public_key);
    await assert.rejects(reading, { code: "forged_receipt" });
  }
  const reading = readSheet(await sheet(), "training", other.publicKey);
  await assert.rejects(reading, { code: "forged_receipt" });
  for (const wire of [null, {}, { payload: "{" }, { payload: "{}" }, "x"]) {
    assert.throws(() => issuerOf(wire), { code: "forged_receipt" });
  }
});

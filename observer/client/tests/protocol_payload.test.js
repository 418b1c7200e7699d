import assert from "node:assert/strict";
import { test } from "node:test";

import { b64url, fromB64url, fromUtf8, isUnicode, sha256Hex, utf8 } from "../src/protocol/bytes.js";
import { instant, isInstant, now, secondsOf } from "../src/protocol/clock.js";
import { NotReached, Refusal } from "../src/protocol/errors.js";
import { uuid7 } from "../src/protocol/ids.js";
import { MAX_BYTES, dump, parse } from "../src/protocol/payload.js";
import { vectors } from "./vectors.js";

const { cases, sizes } = vectors("payload");

for (const { name, text, repeat, refused } of [...cases, ...sizes]) {
  test(`payload: ${name}`, () => {
    const given = repeat === undefined ? text : repeat[0] + repeat[1].repeat(repeat[2]) + repeat[3];
    if (refused === null) assert.equal(dump(parse(given)), given);
    else assert.throws(() => parse(given), { name: "Refusal", code: refused });
  });
}

const circle = {};
circle.a = circle;

for (const [name, value] of Object.entries({
  undefined,
  "no number": NaN,
  "a fraction": 0.5,
  infinity: Infinity,
  "a big integer": 1n,
  "a day": new Date(0),
  "a map": new Map(),
  "a function": () => 1,
  "a list with a gap": [, 1], // eslint-disable-line no-sparse-arrays
  "what writes itself": { toJSON: () => "x" },
  "a circle": circle,
  "a lone surrogate": "\ud800",
})) {
  test(`what JSON would lose or change is not written: ${name}`, () => {
    assert.throws(() => dump({ a: value }), { code: "bad_payload" });
  });
}

test("a document that is too large is told from one that is wrong, as it may be split", () => {
  assert.throws(() => dump({ a: "x".repeat(MAX_BYTES) }), { code: "too_large" });
});

test("no prototype is touched by a key", () => {
  const document = parse('{"__proto__":{"x":1}}');
  assert.deepEqual(Object.keys(document), ["__proto__"]);
  assert.equal(document.x, undefined);
});

test("bytes and texts", async () => {
  assert.equal(fromUtf8(utf8("\ufeffé𐍈")), "\ufeffé𐍈");
  assert.throws(() => fromUtf8(Uint8Array.of(0xff)), TypeError);
  const all = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256);
  assert.deepEqual(fromB64url(b64url(all)), all);
  assert.equal(b64url(Uint8Array.of(251, 255)), "-_8");
  for (const bad of ["a", "-_9", "-_8=", "+/8", "-_8\n", "é", "", null].filter((x) => x !== "")) {
    assert.throws(() => fromB64url(bad), { code: "bad_signature" });
  }
  assert.equal(
    await sha256Hex("é"),
    "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c",
  );
  assert.equal(await sha256Hex(utf8("é")), await sha256Hex("é"));
  assert.deepEqual(["a𐍈", "\ud800", "\udf48\ud800"].map(isUnicode), [true, false, false]);
});

for (const { text, seconds } of vectors("change").instants) {
  test(`instant: ${JSON.stringify(text)}`, () => {
    assert.equal(isInstant(text), seconds !== null);
    assert.equal(secondsOf(text), seconds ?? NaN);
    assert.ok(seconds === null || Math.abs(instant(text) - seconds * 1000) < 0.1);
  });
}

test("the clock writes what is an instant", () => {
  assert.match(now(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(instant(now()) - Date.now()) < 5000);
  assert.equal(isInstant(5), false);
});

test("ids are UUIDs of version 7 and ascend, also when the clock is put back", (context) => {
  const ids = Array.from({ length: 10_000 }, uuid7);
  context.mock.method(Date, "now", () => 1);
  ids.push(uuid7());
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assert.deepEqual([...new Set(ids)].sort(), ids);
});

test("a refusal says whether the same may be sent again", () => {
  const refused = new Refusal("busy", "Later.", { retryAfter: 5, answer: { code: "busy" } });
  assert.deepEqual([refused.retry, refused.retryAfter, refused.answer.code], [true, 5, "busy"]);
  assert.equal(new Refusal("fork").retry, false);
  const lost = new NotReached("No network.", { cause: refused });
  assert.deepEqual([lost.code, lost.retry, lost.cause], ["not_reached", true, refused]);
  assert.ok(lost instanceof Refusal && lost instanceof Error);
});

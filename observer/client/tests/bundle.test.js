import assert from "node:assert/strict";
import { test } from "node:test";
import { newPassphrase, tarOf, writeBundle } from "../src/sync/bundle.js";

const bytes = (length) => new Uint8Array(length).fill(7);
const load = (...sizes) => ({
  changes: [{ payload: '{"text":"Zwölf – fictional"}', signature: "s" }],
  written: 1,
  files: sizes.map((size, at) => ({ sha256: String(at).repeat(64), size, row: `b${size}` })),
});
const open = async (row) => bytes(Number(row.slice(1)));
const options = (given) => ({ mission: "practice_1", madeAt: "2026-03-02T09:30:00.000Z", load: given, open });

test("a passphrase can be read out: groups of five, no I, L, O or U, never the same", () => {
  const found = new Set(Array.from({ length: 100 }, newPassphrase));
  assert.equal(found.size, 100);
  for (const each of found) assert.match(each, /^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]$/);
});

test("a tar has whole blocks, whatever its files' sizes", async () => {
  for (const sizes of [[], [0], [1, 511, 512, 513]]) {
    let length = 0;
    for await (const piece of tarOf({ ...options(load(...sizes)), progress: () => {} })) length += piece.length;
    assert.equal(length % 512, 0);
  }
});

test("files are read one after another, and how far it is is told", async () => {
  const told = [];
  let reading = 0;
  const given = {
    ...options(load(60_000, 70_000)),
    open: async (row) => {
      assert.equal((reading += 1), 1);
      await new Promise((done) => setTimeout(done, 5));
      reading -= 1;
      return open(row);
    },
  };
  const made = await writeBundle({ ...given, passphrase: newPassphrase(), progress: (done, total) => told.push(done / total) });
  assert.equal(told.at(-1), 1);
  assert.ok(made.size > 130_000);
  const head = new Uint8Array(await made.slice(0, 24).arrayBuffer());
  assert.equal(new TextDecoder().decode(head), "trial-observer-bundle/1\n");
  const text = new TextDecoder("latin1").decode(await made.arrayBuffer());
  assert.ok(!text.includes("fictional") && !text.includes("practice_1"));
});

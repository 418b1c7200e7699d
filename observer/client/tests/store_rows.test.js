import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";

import { Rows } from "../src/store/rows.js";
import { faulty, identity, onDisk, opened, put, scrambling } from "./store_disk.js";

const vault = identity;

async function fresh(options = {}) {
  const factory = options.factory ?? new IDBFactory();
  return { factory, rows: await Rows.open({ vault, factory, ...options }) };
}

test("what is written is read after opening again, and keys say nothing", async () => {
  const { factory, rows } = await fresh();
  await rows.write({ put: new Map([["draft/a/title", { value: "Case 7" }], ["meta/cursor", "12"]]) });
  rows.close();
  const { rows: again } = await fresh({ factory });
  assert.deepEqual(again.get("draft/a/title"), { value: "Case 7" });
  assert.deepEqual(again.names("draft/"), ["draft/a/title"]);
  assert.deepEqual(again.entries("meta/cursor"), [["meta/cursor", "12"]]);
  for (const { key } of await onDisk(factory)) assert.match(key, /^r[\w-]{22}$/);
});

test("durability is strict in every transaction that writes", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory });
  await rows.write({ put: [["meta/a", 1]] });
  assert.ok(seen.options.every((options) => options.durability === "strict"));
});

test("an overwritten and a dropped value leave no bytes", async () => {
  const { factory, rows } = await fresh();
  await rows.write({ put: [["draft/a/title", "Amina Fictional"]] });
  await rows.write({ put: [["draft/a/title", "other"]] });
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("Amina")));
  await rows.write({ drop: ["draft/a/title"] });
  assert.equal(rows.get("draft/a/title"), undefined);
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("draft/a")));
});

test("memory changes only when the write is on disk", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory });
  seen.plan = ["QuotaExceededError"];
  await assert.rejects(rows.write({ put: [["meta/a", 1]] }), { code: "storage_full" });
  assert.equal(rows.get("meta/a"), undefined);
  await rows.write({ put: [["meta/a", 2]] });
  assert.equal(rows.get("meta/a"), 2);
});

test("a lost connection is opened again once, and the write done again", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory });
  for (const fault of ["lost", "UnknownError", "AbortError"]) {
    const before = seen.opens;
    seen.plan = [fault];
    await rows.write({ put: [["meta/a", fault]] });
    assert.equal(seen.opens, before + 1);
  }
  assert.equal(rows.get("meta/a"), "AbortError");
  assert.equal((await fresh({ factory: seen.real })).rows.get("meta/a"), "AbortError");
});

test("a connection that the browser closed is opened again", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory });
  seen.connections[0].close();
  await rows.write({ put: [["meta/a", 1]] });
  const last = seen.connections.at(-1);
  last.close();
  last.onclose(new Event("close"));
  await rows.write({ put: [["meta/a", 2]] });
  assert.equal((await fresh({ factory: seen.real })).rows.get("meta/a"), 2);
});

test("a second loss is told, and the next write tries anew", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory });
  seen.plan = ["lost", "UnknownError"];
  await assert.rejects(rows.write({ put: [["meta/a", 1]] }), { code: "storage_lost" });
  await rows.write({ put: [["meta/a", 2]] });
  assert.equal(rows.get("meta/a"), 2);
});

test("a database that never answers counts as lost", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory, patience: 40 });
  const [database] = seen.connections;
  const silent = { objectStore: () => ({ put() {}, delete() {} }), abort() {} };
  database.transaction = () => silent;
  await rows.write({ put: [["meta/a", 1]] });
  assert.equal(seen.opens, 2);
  assert.equal(rows.get("meta/a"), 1);
});

test("a store of a newer structure is refused and left as it is", async () => {
  const factory = new IDBFactory();
  const request = factory.open("store", 9);
  request.onupgradeneeded = () => request.result.createObjectStore("rows").put(new Uint8Array([1]), "rx");
  (await opened(request)).close();
  await assert.rejects(Rows.open({ vault, factory }), { code: "store_newer" });
  assert.equal((await onDisk(factory)).length, 1);
});

test("when another tab brings a newer structure, this one lets go and refuses to write", async () => {
  const { factory, rows } = await fresh();
  (await opened(factory.open("store", 2))).close();
  await assert.rejects(rows.write({ put: [["meta/a", 1]] }), { code: "store_newer" });
});

test("rows of a newer format are refused; those of an older one are brought up, once", async () => {
  const { factory, rows } = await fresh();
  await rows.write({ put: [["draft/a/x", 1]] });
  rows.close();
  const steps = [(held) => ({ put: [["draft/a/y", held.get("draft/a/x") + 1]] })];
  const { rows: later } = await fresh({ factory, steps });
  assert.equal(later.get("draft/a/y"), 2);
  await later.write({ put: [["draft/a/y", 5]] });
  later.close();
  const { rows: again } = await fresh({ factory, steps });
  assert.equal(again.get("draft/a/y"), 5);
  again.close();
  const before = await onDisk(factory);
  await assert.rejects(Rows.open({ vault, factory }), { code: "store_newer" });
  assert.deepEqual(await onDisk(factory), before);
});

test("an unreadable row is counted and kept", async () => {
  const { factory, rows } = await fresh();
  rows.close();
  await put(factory, "rZZZ", new Uint8Array([1, 2, 3]));
  const { rows: again } = await fresh({ factory });
  assert.equal(again.unreadable, 1);
  await again.write({ put: [["meta/a", 1]] });
  assert.ok((await onDisk(factory)).some(({ key }) => key === "rZZZ"));
});

test("a store that this vault cannot open is not begun anew", async () => {
  const factory = new IDBFactory();
  const rows = await Rows.open({ vault: scrambling(1), factory });
  await rows.write({ put: [["draft/a/x", 1]] });
  rows.close();
  const before = await onDisk(factory);
  await assert.rejects(Rows.open({ vault: scrambling(2), factory }), { code: "store_damaged" });
  assert.deepEqual(await onDisk(factory), before);
  assert.equal((await Rows.open({ vault: scrambling(1), factory })).get("draft/a/x"), 1);
});

test("two tabs that begin at once have one head, and one of two moves it", async () => {
  const factory = new IDBFactory();
  const vault = scrambling(3);
  const both = await Promise.all([Rows.open({ vault, factory }), Rows.open({ vault, factory })]);
  assert.equal((await onDisk(factory)).length, 2);
  const writes = await Promise.allSettled(
    both.map((rows, at) =>
      rows.write({
        put: [["meta/head", { seq: 1, hash: `h${at}` }], [`change/h${at}`, {}]],
        expect: { name: "meta/head", value: rows.get("meta/head") },
      }),
    ),
  );
  assert.deepEqual(writes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const loser = both[writes.findIndex(({ status }) => status === "rejected")];
  assert.equal(writes.find(({ reason }) => reason).reason.code, "moved");
  assert.deepEqual(loser.names("change/"), []);
  await loser.refresh();
  assert.equal(loser.names("change/").length, 1);
  const head = loser.get("meta/head");
  await loser.write({ put: [["meta/head", { seq: 2, hash: "h" }]], expect: { name: "meta/head", value: head } });
});

test("an expected value that memory does not have is refused without a transaction", async () => {
  const { rows } = await fresh();
  const expect = { name: "meta/head", value: { seq: 4, hash: "x" } };
  await assert.rejects(rows.write({ put: [["meta/a", 1]], expect }), { code: "moved" });
});

test("a compared write that reached the disk although it was told as lost is not told as moved", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory, patience: 60 });
  const [database] = seen.connections;
  const real = database.transaction;
  // It completes, and nobody hears of it.
  database.transaction = (...wanted) => {
    const made = real(...wanted);
    Object.defineProperty(made, "oncomplete", { set() {} });
    return made;
  };
  const expect = { name: "meta/head", value: rows.get("meta/head") };
  await rows.write({ put: [["meta/head", { seq: 1, hash: "h" }]], expect });
  assert.equal(rows.get("meta/head").seq, 1);
});

test("of two rows with one name the later counts, and a drop takes both", async () => {
  const { factory, rows } = await fresh();
  const two = await Rows.open({ vault, factory });
  await rows.write({ put: [["draft/a/x", { value: "old", at: "2026-03-02T09:00:00.000Z" }]] });
  await two.write({ put: [["draft/a/x", { value: "new", at: "2026-03-02T09:01:00.000Z" }]] });
  const { rows: again } = await fresh({ factory });
  assert.equal(again.get("draft/a/x").value, "new");
  await again.write({ drop: ["draft/a/x"] });
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("draft/a/x")));
});

test("an overwritten row keeps its place among the others", async () => {
  const { rows } = await fresh();
  await rows.write({ put: [["change/a", 1], ["change/b", 1]] });
  await rows.write({ put: [["change/a", 2]], drop: ["change/a"] });
  assert.deepEqual(rows.entries("change/"), [["change/a", 2], ["change/b", 1]]);
});

test("files are kept, found again and dropped", async () => {
  const { factory, rows } = await fresh({ vault: scrambling(7) });
  const row = await rows.putFile("ab".repeat(32), new Blob([new Uint8Array([1, 2, 3])]), { type: "image/jpeg" });
  assert.match(row, /^b[\w-]{22}$/);
  assert.equal(await rows.putFile("ab".repeat(32), new Uint8Array([1, 2, 3])), row);
  rows.close();
  const { rows: again } = await fresh({ factory, vault: scrambling(7) });
  assert.deepEqual(again.get(`file/${"ab".repeat(32)}`), { type: "image/jpeg", row, size: 3 });
  assert.deepEqual([...(await again.file(row))], [1, 2, 3]);
  await again.dropFile(row);
  assert.deepEqual(again.names("file/"), []);
  await assert.rejects(again.file(row), { code: "no_such_file" });
  assert.equal((await onDisk(factory)).length, 2);
});

test("a file that reached the disk although it was told as lost lies there once", async () => {
  const { factory, seen } = faulty();
  const { rows } = await fresh({ factory });
  seen.plan = ["unheard", "unheard"];
  const keep = () => rows.putFile("cd".repeat(32), new Uint8Array([1, 2, 3]));
  await assert.rejects(keep(), { code: "storage_lost" });
  const row = await keep();
  const contents = (await onDisk(seen.real)).filter(({ key }) => key.startsWith("b"));
  assert.deepEqual(contents.map(({ key }) => key), [row]);
});

test("writes happen in the order in which they are asked for", async () => {
  const { rows } = await fresh({ vault: { ...identity, seal: slowly() } });
  await Promise.all(Array.from({ length: 20 }, (_, at) => rows.write({ put: [["meta/a", at]] })));
  assert.equal(rows.get("meta/a"), 19);
});

function slowly() {
  let turn = 0;
  return async (bytes) => {
    await new Promise((resolve) => setTimeout(resolve, (turn++ * 7) % 5));
    return bytes;
  };
}

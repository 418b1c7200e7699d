import assert from "node:assert/strict";
import { test } from "node:test";

import { Rows } from "../src/store/rows.js";
import { Saver } from "../src/store/saver.js";
import { faulty, identity, onDisk } from "./store_disk.js";

async function fresh() {
  const { factory, seen } = faulty();
  const rows = await Rows.open({ vault: identity, factory });
  seen.writes = 0;
  return { rows, seen, saver: new Saver(rows) };
}

test("fast typing needs few transactions, and the last value wins", async () => {
  const { rows, seen, saver } = await fresh();
  for (let at = 0; at < 200; at++) {
    saver.set("draft/a/x", { value: `text ${at}` });
    if (at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(saver.get("draft/a/x").value, `text ${at}`);
  }
  await saver.flush();
  assert.equal(rows.get("draft/a/x").value, "text 199");
  assert.ok(seen.writes <= 5, String(seen.writes));
  assert.equal(saver.state, "saved");
});

test("what is set in one moment goes in one transaction", async () => {
  const { seen, saver } = await fresh();
  for (const name of ["draft/a/x", "draft/a/y", "draft/b/z"]) saver.set(name, 1);
  await saver.flush();
  assert.equal(seen.writes, 1);
});

test("saved is said by the disk and not before", async () => {
  const { seen, saver } = await fresh();
  const states = [];
  saver.onstate(() => states.push(saver.state));
  saver.set("draft/a/x", 1);
  assert.equal(saver.state, "saving");
  await saver.flush();
  assert.equal(states[0], "saving");
  assert.equal(states.at(-1), "saved");
  const disk = await onDisk(seen.real);
  assert.ok(disk.some(({ text }) => text.includes("draft/a/x")));
});

test("typed and taken back in one moment never touches the disk", async () => {
  const { seen, saver } = await fresh();
  saver.set("draft/a/x", "Amina");
  saver.set("draft/a/x", null);
  await saver.flush();
  assert.equal(seen.writes, 0);
  assert.equal(saver.get("draft/a/x"), undefined);
});

test("typed, saved and taken back leaves no bytes", async () => {
  const { seen, saver } = await fresh();
  saver.set("draft/a/x", "Amina");
  await saver.flush();
  saver.set("draft/a/x", null);
  assert.equal(saver.get("draft/a/x"), undefined);
  assert.deepEqual(saver.entries("draft/"), []);
  await saver.flush();
  assert.ok(!(await onDisk(seen.real)).some(({ text }) => text.includes("Amina") || text.includes("draft/a")));
});

test("taken back while the write is in flight leaves no bytes either", async () => {
  const { seen, saver } = await fresh();
  saver.set("draft/a/x", "Amina");
  await new Promise((resolve) => setTimeout(resolve, 0));
  saver.set("draft/a/x", null);
  await saver.flush();
  assert.ok(!(await onDisk(seen.real)).some(({ text }) => text.includes("Amina")));
});

test("what could not be written stays, is seen, and goes with the next try", async () => {
  const { rows, seen, saver } = await fresh();
  seen.plan = ["QuotaExceededError"];
  saver.set("draft/a/x", 1);
  await assert.rejects(saver.flush(), { code: "storage_full" });
  assert.equal(saver.state, "failed");
  assert.equal(saver.error.code, "storage_full");
  assert.equal(saver.get("draft/a/x"), 1);
  seen.plan = ["lost", "lost"];
  saver.set("draft/a/y", 2);
  await assert.rejects(saver.flush(), { code: "storage_lost" });
  assert.deepEqual(saver.entries("draft/"), [["draft/a/x", 1], ["draft/a/y", 2]]);
  saver.set("draft/a/x", 3);
  await saver.flush();
  assert.equal(saver.state, "saved");
  assert.equal(saver.error, null);
  assert.deepEqual([rows.get("draft/a/x"), rows.get("draft/a/y")], [3, 2]);
});

test("what is set while a write fails is newer than what failed", async () => {
  const { rows, seen, saver } = await fresh();
  seen.plan = ["QuotaExceededError"];
  saver.set("draft/a/x", "old");
  await Promise.resolve().then(() => saver.set("draft/a/x", "new"));
  await saver.flush().catch(() => {});
  assert.equal(saver.get("draft/a/x"), "new");
  await saver.flush();
  assert.equal(rows.get("draft/a/x"), "new");
});

test("what reached the disk although it was told as lost is found again by the next write", async () => {
  const { seen, saver } = await fresh();
  seen.plan = ["unheard", "unheard"];
  saver.set("draft/a/x", "Amina");
  await assert.rejects(saver.flush(), { code: "storage_lost" });
  const there = async () => (await onDisk(seen.real)).filter(({ text }) => text.includes("draft/a/x"));
  assert.equal((await there()).length, 1);
  saver.set("draft/a/x", "other");
  await saver.flush();
  assert.deepEqual((await there()).map(({ text }) => text.includes("Amina")), [false]);
  seen.plan = ["unheard", "unheard"];
  saver.set("draft/b/x", "Amina");
  await assert.rejects(saver.flush());
  saver.set("draft/b/x", null);
  await saver.flush();
  assert.ok(!(await onDisk(seen.real)).some(({ text }) => text.includes("Amina")));
});

/**
 * A power cut after any transaction: the writes are replayed up to each of them, and what was said to be
 * saved by then is there. Where a real file system can be cut off, `tests/client/test_power_cut.py` does that.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";

import { Rows } from "../src/store/rows.js";
import { Saver } from "../src/store/saver.js";
import { identity, opened } from "./store_disk.js";

/** A factory that notes the puts and deletes of every transaction that reached the disk. */
function noting() {
  const real = new IDBFactory();
  const written = [];
  const factory = {
    open(name, version) {
      const request = real.open(name, version);
      request.addEventListener("success", () => note(request.result, written), { once: true });
      return request;
    },
  };
  return { factory, written };
}

function note(database, written) {
  const transaction = database.transaction.bind(database);
  database.transaction = (names, mode, options) => {
    const made = transaction(names, mode, options);
    if (mode !== "readwrite") return made;
    const deeds = [];
    const objectStore = made.objectStore.bind(made);
    made.objectStore = (name) => {
      const store = objectStore(name);
      for (const deed of ["put", "delete"]) {
        const real = store[deed].bind(store);
        store[deed] = (...given) => {
          deeds.push([deed, given]);
          return real(...given);
        };
      }
      return store;
    };
    made.addEventListener("complete", () => written.push(deeds));
    return made;
  };
}

/** A database as it is when only the first transactions reached the disk. */
async function cut(written, count) {
  const factory = new IDBFactory();
  const request = factory.open("store", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("rows");
  const database = await opened(request);
  const store = database.transaction("rows", "readwrite").objectStore("rows");
  for (const [deed, given] of written.slice(0, count).flat()) await opened(store[deed](...given));
  database.close();
  return factory;
}

/** Numbers that are the same each time. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

test("at every cut all is there that was said to be saved", async () => {
  const { factory, written } = noting();
  const rows = await Rows.open({ vault: identity, factory });
  const saver = new Saver(rows);
  const throwOf = dice(11);
  /** By name: what was set in turn, and after how many transactions it was said to be saved. */
  const told = new Map();
  for (let step = 0; step < 120; step += 1) {
    const name = `draft/r${throwOf(3)}/f${throwOf(4)}`;
    const words = { value: throwOf(5) === 0 ? null : `words ${step}`, saved: Infinity };
    if (!told.has(name)) told.set(name, []);
    told.get(name).push(words);
    saver.set(name, words.value);
    if (throwOf(3) === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    if (throwOf(4) === 0) {
      await saver.flush();
      assert.equal(saver.state, "saved");
      for (const all of told.values()) for (const each of all) each.saved = Math.min(each.saved, written.length);
    }
  }
  await saver.flush();
  assert.ok(written.length > 25, String(written.length));
  for (let count = 0; count <= written.length; count += 1) {
    const after = await Rows.open({ vault: identity, factory: await cut(written, count) });
    for (const [name, all] of told) {
      const last = all.findLastIndex(({ saved }) => saved <= count);
      const allowed = all.slice(Math.max(last, 0)).map(({ value }) => value);
      if (last < 0) allowed.push(null);
      assert.ok(allowed.includes(after.get(name) ?? null), `${name} after ${count} of ${written.length}`);
    }
    after.close();
  }
});

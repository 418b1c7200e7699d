import assert from "node:assert/strict";
import { test } from "node:test";

import { askToPersist, health } from "../src/store/health.js";
import { becomeWriter } from "../src/store/writer.js";

/** Web Locks as far as the one writer needs them. */
function lockManager() {
  let lose = null;
  return {
    request(_name, { steal, ifAvailable }, callback) {
      if (lose && ifAvailable) return Promise.resolve(callback(null));
      if (steal) lose?.(new DOMException("stolen", "AbortError"));
      return new Promise((resolve, reject) => {
        lose = reject;
        callback({}).then(resolve, reject);
      });
    },
  };
}

test("the second tab reads, until it takes over", async () => {
  const locks = lockManager();
  let lost = 0;
  assert.equal(await becomeWriter({ locks, onlost: () => (lost += 1) }), "writer");
  assert.equal(await becomeWriter({ locks }), "reader");
  assert.equal(lost, 0);
  assert.equal(await becomeWriter({ locks, take: true }), "writer");
  await Promise.resolve();
  assert.equal(lost, 1);
});

test("without locks in the browser one writes", async () => {
  assert.equal(await becomeWriter({ locks: undefined }), "writer");
});

test("health tells what the browser says, and nothing where it says nothing", async () => {
  const marks = new Map();
  const place = { getItem: (name) => marks.get(name) ?? null, setItem: (name, value) => void marks.set(name, value) };
  const storage = {
    persisted: async () => false,
    persist: async () => true,
    estimate: async () => ({ quota: 1e8, usage: 5 }),
  };
  const found = await health({ storage, marks: place, enrolled: false });
  assert.deepEqual(found, { persisted: false, quota: 1e8, usage: 5, privateLikely: true, evicted: false });
  assert.equal(await askToPersist({ storage, marks: place }), true);
  assert.equal((await health({ storage, marks: place, enrolled: false })).evicted, true);
  assert.equal((await health({ storage: undefined, marks: null })).persisted, null);
  assert.equal(await askToPersist({ storage: undefined, marks: null }), null);
});

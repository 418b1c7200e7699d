import assert from "node:assert/strict";
import { test } from "node:test";

import { RecordFold, fold, isSameValue } from "../src/protocol/fold.js";
import { vectors } from "./vectors.js";

/** What the vectors say of a fold. */
function said({ values, origins, conflicts, heads }) {
  const each = (found, of) => Object.fromEntries(Object.entries(found).map(([k, v]) => [k, of(v)]));
  return JSON.parse(
    JSON.stringify({
      values,
      shown: each(origins, (version) => version.hash),
      conflicts: each(conflicts, (versions) => versions.map(({ hash }) => hash)),
      heads,
    }),
  );
}

/** Every order of a few things. */
function orders(things) {
  if (things.length < 2) return [things];
  return things.flatMap((one, at) => orders(things.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}

for (const { name, changes, expect } of vectors("fold").cases) {
  test(`fold: ${name}`, () => {
    for (const order of orders(changes)) {
      assert.deepEqual(said(fold([...order, ...order])), expect);
      const grown = new RecordFold();
      for (const change of [...order, ...order]) grown.add(change);
      assert.deepEqual(said(grown.result), expect);
    }
  });
}

test("values are the same or not as in Python", () => {
  assert.ok(isSameValue({ a: 1, b: [null] }, { b: [null], a: 1 }));
  const different = [1, true, "1", 0, false, "", null, [], {}, [1], { a: 1 }, { a: null }, "é", "e\u0301"];
  for (const one of different) {
    for (const other of different) assert.equal(isSameValue(one, other), one === other);
  }
});

test("300 changes fold within 5 ms, and one more within 1 ms", () => {
  const hash = (number) => number.toString(16).padStart(64, "0");
  const change = (number, parents) => ({
    hash: hash(number),
    parents: parents.map(hash),
    recorded_at: "2026-03-02T09:30:00.000Z",
    author: "OBS-1",
    set: { [`answers/q${number % 40}`]: number, mode: "full" },
    counts: true,
  });
  const parentsOf = (number) => (number % 10 === 0 ? [number - 1, number - 3] : [number - 1]);
  const changes = Array.from({ length: 300 }, (_, at) => change(at + 1, at ? parentsOf(at + 1) : []));
  const runs = Array.from({ length: 20 }, () => {
    const begun = performance.now();
    const record = new RecordFold(changes);
    const folded = performance.now();
    record.add(change(301, [300]));
    return [folded - begun, performance.now() - folded];
  });
  // The least, as the machine may be at something else.
  assert.ok(Math.min(...runs.map(([all]) => all)) < 5);
  assert.ok(Math.min(...runs.map(([, more]) => more)) < 1);
});

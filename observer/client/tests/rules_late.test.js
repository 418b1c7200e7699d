import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { INCIDENT_KINDS, NEEDS, incidentCode } from "../src/rules/incident.js";
import { lateEntries, phoneGaps } from "../src/rules/late.js";

/** @param {string} name */
const vectors = (name) => JSON.parse(readFileSync(new URL(`../../../schemas/vectors/${name}.json`, import.meta.url), "utf8"));

for (const { name, observation, gaps, late } of vectors("late").cases) {
  test(`late: ${name}`, () => {
    assert.deepEqual(phoneGaps(observation), gaps);
    assert.deepEqual([...lateEntries(observation)].sort(), late);
  });
}

test("codes that are read out are those of the laptop, and so are the lists", () => {
  const { codes, kinds, needs } = vectors("incident");
  assert.ok(codes.length > 0);
  for (const { record, code } of codes) assert.equal(incidentCode(record), code);
  assert.deepEqual([INCIDENT_KINDS, NEEDS], [kinds, needs]);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { checkAnswer } from "../src/rules/answers.js";
import { assess } from "../src/rules/assess.js";
import { proposals } from "../src/rules/derive.js";
import { inOrder, millisOf, moment } from "../src/rules/moment.js";
import { isZone } from "../src/rules/zones.js";
import { checklist, vectors } from "./vectors.js";

const usual = checklist("default-due-process");
const extended = checklist("default-due-process-extended");
const items = (problems) => problems.map(({ key }) => key);
const nameOf = ({ item, person }) => (person ? `${item}/${person}` : item);

test("a checklist has its items by id and code, with what was left out", () => {
  const item = usual.items.get("hearing.kind");
  assert.equal(usual.byCode.get(item.code), item);
  assert.deepEqual([item.section, item.per, item.who], ["hearing", "none", "observer"]);
  assert.ok(usual.gates.has("person.features"));
  const compliance = [...usual.items.values()].find(({ answer }) => answer === "compliance");
  assert.deepEqual(compliance.choices, ["yes", "partly", "no"]);
  for (const gate of usual.gates) assert.ok(usual.items.has(gate));
});

for (const { name, item, answer, problems } of vectors("answers").cases) {
  test(`answer: ${name}`, () => {
    assert.deepEqual(checkAnswer(extended.items.get(item), answer), problems);
  });
}

test("text is as long as it has characters, however many units these take", () => {
  const text = [...extended.items.values()].find(({ answer }) => answer === "text");
  assert.deepEqual(checkAnswer(text, { value: "𐍈".repeat(10_000) }), []);
  assert.deepEqual(checkAnswer(text, { value: "𐍈".repeat(10_001) }), ["bad_value"]);
});

const { hearing, cases } = vectors("rules");

for (const { name, case: given, persons, observation, expect } of cases) {
  test(`rules: ${name}`, () => {
    const found = assess(usual, given, hearing, persons, observation);
    const states = new Map(found.targets.map((target) => [nameOf(target), target.state]));
    const missing = items(found.missing);
    const blocking = items(found.blocking());
    const has = (all, some = []) => some.every((each) => all.includes(each));
    assert.deepEqual(items(found.inconsistent).sort(), expect.inconsistent.toSorted());
    for (const [of, state] of Object.entries(expect.states ?? {})) assert.equal(states.get(of), state);
    for (const absent of expect.absent ?? []) assert.ok(!states.has(absent));
    assert.equal(states.size, expect.targets ?? states.size);
    assert.ok(has(missing, expect.missing_has));
    assert.ok(!(expect.missing_lacks ?? []).some((each) => missing.includes(each)));
    assert.deepEqual(missing, expect.missing ?? missing);
    const critical = found.critical.map(nameOf);
    assert.deepEqual(critical, expect.critical ?? critical);
    assert.ok(has(blocking, expect.blocking_has));
    assert.ok(!(expect.blocking_lacks ?? []).some((each) => blocking.includes(each)));
    for (const [section, flagged] of Object.entries(expect.flagged ?? {})) {
      assert.equal(found.sections[section].flagged, flagged);
    }
  });
}

test("a blank reason is none, whatever it is blank with", () => {
  const blocks = (reason) => {
    const observation = { "overrides/no_accused/case.accused_count": { reason } };
    return items(assess(usual, {}, {}, [], observation).blocking()).includes(
      "no_accused/case.accused_count",
    );
  };
  for (const blank of ["", " \n", "\x85", "\x1c\u2003", "\u3000", null, 5]) assert.ok(blocks(blank));
  // Python's strip() leaves these, and the laptop must say the same.
  for (const given of ["x", "\ufeff", "\u200b"]) assert.ok(!blocks(given));
});

const derive = vectors("derive");

for (const { name, hearing: of, persons = derive.persons, observation, expect } of derive.cases) {
  test(`proposals: ${name}`, () => {
    assert.deepEqual(proposals(extended, of, persons, observation), expect);
    const turned = Object.fromEntries(Object.entries(observation).reverse());
    assert.deepEqual(proposals(extended, of, persons, turned), expect);
  });
}

for (const { at, micros } of vectors("moment").cases) {
  test(`moment: ${JSON.stringify(at)}`, () => {
    assert.equal(moment({ at }), micros === null ? null : BigInt(micros));
  });
}

test("zones are those of the vectors", () => {
  const { taken, refused } = vectors("zones");
  assert.deepEqual(taken.filter((name) => !isZone(name)), []);
  assert.deepEqual(refused.filter((name) => isZone(name)), []);
});

test("entries of one instant follow their ids, those without a time come first", () => {
  const entries = [
    ["b", { at: "2026-03-02T09:00:00.000Z" }],
    ["a", { at: "2026-03-02T10:00:00+01:00" }],
    ["d", { at: "soon" }],
    ["c", {}],
    ["e", { at: "2026-03-02T08:59:59Z" }],
  ];
  for (const given of [entries, entries.toReversed()]) {
    assert.deepEqual(inOrder(given).map(([id]) => id), ["c", "d", "e", "a", "b"]);
  }
});

test("a clock shows the minute that has begun, and nothing at the ends of the calendar", () => {
  assert.equal(millisOf(-1n), -1);
  assert.equal(millisOf(moment({ at: "9999-12-30T23:59:59.999999Z" })), Date.parse("9999-12-30T23:59:59.999Z"));
  for (const at of ["0001-01-01T23:59:59Z", "9999-12-31T00:00:00Z"]) assert.equal(millisOf(moment({ at })), null);
  assert.equal(millisOf(null), null);
});

test("moments are exact to the microsecond", () => {
  const at = (text) => moment({ at: text });
  assert.equal(at("1970-01-01T00:00:00.000001Z"), 1n);
  assert.equal(at("1969-12-31T23:59:59.999999Z"), -1n);
  assert.equal(at("1970-01-01T01:00+01:00"), 0n);
  assert.equal(at("9999-12-31T23:59:59.999999Z") - at("9999-12-31T23:59:59.999998Z"), 1n);
  for (const none of ["", "soon", "2026-02-30", "2026-03-02T25:00", "2026-03-02T", null, 5, ["2026-03-02"]]) {
    assert.equal(at(none), null);
  }
});

test("a long sitting is judged within 10 ms", () => {
  const persons = Array.from({ length: 12 }, (_, n) => ({ id: `p-${n}`, role: "accused", code: `A${n}` }));
  const observation = { attendance: { value: "observed" }, "answers/hearing.kind": { value: ["trial"] } };
  for (const item of usual.items.values()) observation[`answers/${item.id}`] ??= { value: "not_observed" };
  const runs = Array.from({ length: 20 }, () => {
    const begun = performance.now();
    assess(usual, {}, hearing, persons, observation);
    return performance.now() - begun;
  });
  assert.ok(Math.min(...runs) < 10, `${Math.min(...runs)} ms`);
});

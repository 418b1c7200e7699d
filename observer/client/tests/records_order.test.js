/**
 * Drafts are cut in the order of writing, whatever the clock said: for any order of writes, pulls
 * and clock jumps the change of a field descends only from what was here when it was written, or
 * from a part of the same author's that had seen no more.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { send } from "../src/records/cut.js";
import { uuid7 } from "../src/protocol/ids.js";
import { Log } from "../src/sync/log.js";
import { draftAgain } from "../src/sync/renewal.js";
import { colleague, desk, plain, pulled } from "./records_desk.js";

/** Numbers that only look like chance: below `of`, the same for a seed. */
function chance(seed) {
  let state = seed * 2654435761 + 1;
  return (of) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % of;
  };
}

/** A phone, a colleague whose changes come, and a clock that jumps. */
async function stage(seed) {
  const { records, rows } = await desk();
  const pick = chance(seed);
  const by = await colleague();
  const record = uuid7();
  const written = new Map();
  const come = new Set();
  let hour = 12;
  records.now = () => new Date(Date.UTC(2026, 2, 2, hour)).toISOString();
  const write = (path) => {
    const value = `${path} ${written.size}`;
    records.edit("case", record, { [path]: value });
    written.set(value, new Set(come));
  };
  const pull = async () => {
    const parents = pick(2) ? [...come].slice(-1) : [];
    const change = await by({ kind: "case", record, parents, fields: { title: `${come.size}` }, recordedAt: records.now() });
    come.add(change.hash);
    await records.keepPulled({ put: [pulled(change)] });
  };
  const jump = (by_hours) => (hour += by_hours);
  const play = async (steps) => {
    for (let step = 0; step < steps; step++) {
      const deed = pick(5);
      if (deed < 2) write("abcd"[pick(4)]);
      else if (deed < 4) await pull();
      else jump(pick(7) - 3);
    }
  };
  const check = (changes) => {
    const known = new Map(records.changesOf(record).map((change) => [change.hash, change]));
    for (const change of changes) {
      const above = new Set();
      const waiting = [...change.parents];
      for (let parent = waiting.pop(); parent; parent = waiting.pop()) {
        if (above.has(parent) || !known.has(parent)) continue;
        above.add(parent);
        waiting.push(...known.get(parent).parents);
      }
      for (const value of Object.values(change.set)) {
        const seen = written.get(value);
        const claimed = [...come].filter((hash) => above.has(hash) && seen && !seen.has(hash));
        assert.deepEqual(claimed, [], `seed ${seed}: ${value}`);
      }
    }
  };
  return { records, rows, record, write, pull, jump, play, check, cut: () => send(records, [record]) };
}

test("no draft claims what was not here when it was written", async () => {
  for (let seed = 0; seed < 150; seed++) {
    const made = await stage(seed);
    await made.play(10);
    made.check(await made.cut());
  }
});

test("nor when all that headquarters never took is drafted again", async () => {
  for (let seed = 0; seed < 80; seed++) {
    const made = await stage(seed);
    const { records, rows } = made;
    for (let times = 0; times < 2; times++) {
      await made.play(6);
      await made.cut();
    }
    await made.play(6);
    await records.saver.flush();
    const profile = rows.get("meta/profile");
    const former = [{ device: profile.device, key: rows.get("meta/key") }];
    const device = uuid7();
    const head = ["meta/head", { device, seq: 0, hash: "" }];
    await rows.write({ put: [["meta/former", former], ["meta/profile", { ...profile, device }], head] });
    await draftAgain(new Log(rows, (writing) => records.keepPulled(writing)), records, records.now);
    made.check(await made.cut());
  }
});

test("a clock set back hides no conflict", async () => {
  const made = await stage(1);
  made.write("title");
  made.jump(-2);
  await made.pull();
  made.write("court");
  const changes = await made.cut();
  assert.deepEqual(changes.map(({ set }) => Object.keys(set)), [["title"], ["court"]]);
  assert.ok("title" in made.records.get(made.record).sent.conflicts);
});

test("drafts from before turns were kept come first, by their time", async () => {
  const { rows, again } = await desk();
  const record = uuid7();
  const row = (at) => ({ kind: "case", value: "1", heads: [], at });
  await rows.write({
    put: [
      [`draft/${record}/b`, row("2026-03-02T09:00:00.000Z")],
      [`draft/${record}/a`, row("2026-03-02T10:00:00.000Z")],
    ],
  });
  const { records } = await again();
  records.now = () => "2026-03-02T08:00:00.000Z";
  records.edit("case", record, { c: "1" });
  assert.deepEqual([...records.find(record).seen.keys()], ["b", "a", "c"]);
  assert.deepEqual(plain(records.find(record).dirty), { a: "1", b: "1", c: "1" });
});

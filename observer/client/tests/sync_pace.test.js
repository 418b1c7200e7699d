/** When to send and how much at once. */

import "./store_disk.js";
import assert from "node:assert/strict";
import test from "node:test";
import { Backoff } from "../src/sync/backoff.js";
import { Loop } from "../src/sync/loop.js";
import { Pace } from "../src/sync/pace.js";
import { NotReached, Refusal } from "../src/protocol/errors.js";
import { Canceled } from "../src/sync/transport.js";

test("waits double from two seconds to five minutes, each at random below that", () => {
  const backoff = new Backoff(() => 0.5);
  const waits = Array.from({ length: 10 }, () => backoff.failed());
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 150, 150]);
  backoff.succeeded();
  assert.equal(backoff.failed(), 1);
});

test("Retry-After is a lower bound, and none waits longer than five minutes", () => {
  assert.equal(new Backoff(() => 0.5).failed(60), 61);
  assert.equal(new Backoff(() => 0.5).failed(4000), 300);
});

function paced(size, seconds) {
  const kept = new Map();
  const rows = { get: (name) => kept.get(name), write: async ({ put }) => put.forEach(([name, value]) => kept.set(name, value)) };
  let time = 0;
  const pace = new Pace(rows, "pace", { first: 1000, least: 100, most: 5000, clock: () => time });
  return { kept, pace, sending: (fails) => pace.sending(size, async () => {
    time += seconds * 1000;
    if (fails) throw fails;
  }) };
}

test("a quick call grows the next, eight times at most; the size is kept", async () => {
  const { kept, pace, sending } = paced(1000, 1);
  await sending();
  assert.equal(pace.size, 5000);
  assert.equal(kept.get("meta/pace"), 5000);
});

test("a call that is lost halves the next; one that was stopped says nothing of the network", async () => {
  const { pace, sending } = paced(1000, 1);
  await assert.rejects(sending(new NotReached("gone")));
  assert.equal(pace.size, 500);
  await assert.rejects(sending(new Canceled()));
  assert.equal(pace.size, 500);
  await assert.rejects(sending(new Refusal("busy")));
  assert.equal(pace.size, 500);
});

test("a small slow call shrinks, a small quick one does not", async () => {
  const slow = paced(400, 40);
  await slow.sending();
  assert.equal(slow.pace.size, 200);
  const small = paced(100, 19);
  await small.sending();
  assert.equal(small.pace.size, 1000);
});

/** A loop whose time stands still until it is moved. */
function looped(run) {
  const timers = [];
  const around = {
    window: new EventTarget(),
    document: Object.assign(new EventTarget(), { visibilityState: "visible" }),
    isOnline: () => around.online,
    online: true,
    time: 0,
    clock: () => around.time,
    wait: (callback, milliseconds) => timers.push({ callback, milliseconds }) - 1,
    unwait: (timer) => timer !== null && (timers[timer] = null),
    backoff: new Backoff(() => 1),
  };
  const loop = new Loop(() => ({ run }), around);
  return { loop, around, timers, next: () => timers.filter(Boolean).at(-1) };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

test("it converses on opening, rests a minute, and goes at once when asked", async () => {
  let runs = 0;
  const { loop, next } = looped(async () => ({ sent: (runs += 1) }));
  loop.start();
  await turn();
  assert.deepEqual([runs, loop.state.doing, next().milliseconds, loop.last], [1, "resting", 60_000, { sent: 1 }]);
  loop.now();
  await turn();
  assert.equal(runs, 2);
  loop.stop();
});

test("after failures it waits longer; the network's coming is taken at once", async () => {
  let runs = 0;
  const { loop, around, next } = looped(async () => {
    runs += 1;
    throw new NotReached("offline");
  });
  loop.start();
  await turn();
  assert.deepEqual([loop.state.doing, loop.state.error.code, next().milliseconds], ["waiting", "not_reached", 2000]);
  next().callback();
  await turn();
  assert.equal(next().milliseconds, 4000);
  around.window.dispatchEvent(new Event("online"));
  await turn();
  assert.equal(runs, 3);
  around.document.dispatchEvent(new Event("visibilitychange"));
  await turn();
  assert.equal(runs, 3, "looking at the page shortens no wait");
  around.time = 10 ** 9;
  around.document.dispatchEvent(new Event("visibilitychange"));
  await turn();
  assert.equal(runs, 4);
  loop.stop();
});

test("what is asked for while it runs goes right after; to stop ends the call in hand", async () => {
  const ends = [];
  let aborted = false;
  const { loop } = looped(({ signal }) => {
    signal.addEventListener("abort", () => (aborted = true));
    return new Promise((resolve) => ends.push(resolve));
  });
  loop.start();
  await turn();
  loop.now();
  loop.now();
  assert.equal(ends.length, 1, "one conversation at a time");
  ends[0]({});
  await turn();
  assert.equal(ends.length, 2);
  loop.stop();
  assert.equal(aborted, true);
  ends[1]({});
  await turn();
  assert.equal(ends.length, 2);
});

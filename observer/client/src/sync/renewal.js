/**
 * Going on as a new device after a fork, as when a phone was put back from an older copy. Twin of
 * `observer/renewal.py`.
 *
 * What headquarters holds stays as it is; what it did not take is drafted again under the new
 * device, so that nothing is lost and no number is used twice. Every step can be done again after a
 * cut.
 */

import { b64url, fromB64url } from "../protocol/bytes.js";
import { uuid7 } from "../protocol/ids.js";
import { DeviceKey, fingerprint } from "../protocol/keys.js";
import { HEAD } from "../store/rows.js";
import { renewBody } from "./enrol.js";
import { believe } from "./trust.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {import("./log.js").Entry} Entry */
/** @typedef {import("../records/records.js").Records} Records */

/**
 * Enrol a successor, signed by the old key, and draft again what was not taken.
 *
 * @param {Log} log
 * @param {Records} records
 * @param {import("./transport.js").Transport} transport
 * @param {() => string} now
 * @throws {Refusal} headquarters was not reached or refused; the device is as it was
 */
export async function renew(log, records, transport, now) {
  const { device: successor, key: seed } = await successorOf(log);
  const profile = log.meta("profile");
  const [key, next] = await Promise.all([log.meta("key"), seed].map((text) => DeviceKey.load(fromB64url(text))));
  const hub = await fingerprint(log.meta("hub_key"));
  const { mission, device } = profile;
  const body = await renewBody({ hub, mission, device, key, successor, next, at: now() });
  const answer = await transport.post("renew", body);
  await log.transaction(async () => {
    await believe(log, answer.changes ?? [], now);
    // The old key stays: its chain is evidence. A cut that is being signed with it finds another
    // head, and what the old device has at headquarters and not here comes with the next pull.
    const former = [...(log.meta("former") ?? []), { device, key: log.meta("key") }];
    log.setMeta({ former, profile: { ...profile, device: successor }, key: seed, cursor: "" });
    log.set(HEAD, { device: successor, seq: 0, hash: "" });
    log.remove("meta/successor");
  });
  await draftAgain(log, records, now);
}

/**
 * The device that this one is to become; kept before the first try.
 *
 * @param {Log} log
 * @returns {Promise<{device: string, key: string}>}
 */
async function successorOf(log) {
  const begun = log.meta("successor");
  if (begun) return begun;
  const made = { device: uuid7(), key: b64url((await DeviceKey.generate()).seed) };
  await log.transaction(() => log.setMeta({ successor: made }));
  return made;
}

/**
 * Turn what headquarters never took from this device's former ones into drafts again.
 *
 * @param {Log} log
 * @param {Records} records
 * @param {() => string} now
 */
export async function draftAgain(log, records, now) {
  log.refresh();
  const left = (log.meta("former") ?? [])
    .flatMap((/** @type {{device: string}} */ { device }) => log.ofDevice(device))
    .filter((/** @type {Entry} */ { row }) => !row.held);
  if (left.length === 0) return;
  // What was drafted since then is newer and stands; it is on disk before this looks.
  await records.saver.flush();
  await log.transaction(() => {
    const lowest = Math.min(0, ...log.rows.entries("draft/").map(([, { turn = 0 }]) => turn));
    for (const [name, draft] of draftsOf(left, lowest)) if (log.get(name) === undefined) log.set(name, draft);
    for (const entry of left) {
      const { payload, signature } = entry.row;
      if (payload) log.putAside({ ...entry, payload, signature }, now());
      log.drop(entry.hash);
    }
  });
  await records.reload();
}

/**
 * Drafts are cut in the order of their turns, so that none claims to know what came after it: here
 * that is the order of the chain, and before all that was drafted since.
 *
 * @param {Entry[]} left in the order of the chain
 * @param {number} lowest turn of the drafts that are here
 * @returns {Map<string, import("../records/drafts.js").Draft>} rows by name; the last word counts
 */
function draftsOf(left, lowest) {
  const apart = new Map(left.map((entry) => [entry.hash, entry]));
  const wanted = new Map();
  for (const [index, entry] of left.entries()) {
    const turn = lowest - left.length + index;
    const { set } = JSON.parse(entry.row.payload ?? '{"set": {}}');
    const heads = seen(entry, apart);
    for (const [path, value] of Object.entries(set)) {
      wanted.set(`draft/${entry.record}/${path}`, { kind: entry.kind, value, heads, at: entry.recorded_at, turn });
    }
  }
  return wanted;
}

/**
 * What a change built on, with those that are put aside replaced by what they built on.
 *
 * @param {Entry} entry
 * @param {Map<string, Entry>} apart
 * @returns {string[]}
 */
function seen(entry, apart) {
  const found = new Set();
  const done = new Set();
  const waiting = [...entry.parents];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    if (done.has(parent)) continue;
    done.add(parent);
    const before = apart.get(parent);
    if (before) waiting.push(...before.parents);
    else found.add(parent);
  }
  return [...found].sort();
}

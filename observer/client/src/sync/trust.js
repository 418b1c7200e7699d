/**
 * What a device believes of what it is given: sheets of the hub and of relays, changes of others.
 * Nothing is taken on the word of who carried it. Twin of `sync/trust.py`.
 */

import { sha256Hex } from "../protocol/bytes.js";
import { read } from "../protocol/change.js";
import { Refusal } from "../protocol/errors.js";
import { check } from "../protocol/keys.js";
import { parse } from "../protocol/payload.js";
import { issuerOf, readSheet } from "../protocol/receipts.js";
import { HUB, RELAY } from "./registry.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {import("../protocol/change.js").Change} Change */
/** @typedef {import("../protocol/receipts.js").Sheet} Sheet */
/** @typedef {import("../protocol/receipts.js").Receipt} Receipt */
/** @typedef {{payload: string, signature: string, code?: string}} Item */
/** @typedef {{change: Change, hash: string, code: string | null}} Checked */
/** @typedef {{new: Record<string, number>, forgotten: string[], skipped: Refusal[], head: {seq: number, hash: string}}} Pulled */

const NOT_SIGNED =
  "A change in the answer is not signed by who should have written it. Nothing of it was taken. " +
  "Tell headquarters.";
const RESTORED = "Headquarters was restored. Sign in again.";
// Only the hub's key says these, whatever an answer claims: it is not signed, and may pass a relay.
const HUB_KINDS = new Set(["mission", "device", "checklist", "assignment", "review", "erasure", "finding", "follow_up"]);

/** @returns {Pulled} */
export function nothingPulled() {
  return { new: {}, forgotten: [], skipped: [], head: { seq: 0, hash: "" } };
}

/**
 * A sheet of the hub or of a relay of this mission, its receipts, and whether it is the hub's.
 *
 * @param {Log} log
 * @param {unknown} wire
 * @param {readonly string[]} [roles] whose sheets are read besides the present hub's; `hub` for the
 *   hubs before it
 * @returns {Promise<{sheet: Sheet, receipts: Receipt[], fromHub: boolean}>}
 * @throws {Refusal} `forged_receipt`: it is neither's; `new_epoch`: of another epoch than is known
 */
export async function readAnySheet(log, wire, roles = [RELAY]) {
  const issuer = issuerOf(wire);
  const { mission } = log.meta("profile");
  if (issuer === log.meta("hub_device")) {
    const { sheet, receipts } = await readSheet(wire, mission, log.meta("hub_key"));
    if (sheet.epoch !== log.meta("epoch")) throw new Refusal("new_epoch", RESTORED);
    return { sheet, receipts, fromHub: true };
  }
  const device = log.device(issuer);
  // An unknown device has no key, and what none signed is refused in the reader's words.
  const key = device && roles.includes(device.role) ? device.public_key : "";
  return { ...(await readSheet(wire, mission, key)), fromHub: false };
}

/**
 * Remember how far headquarters has backed up; an answer of another epoch says nothing. Inside a
 * transaction.
 *
 * @param {Log} log
 * @param {Record<string, any>} answer
 * @throws {Refusal} `new_epoch`: the hub was restored since
 */
export function keepBackedUp(log, answer) {
  if (answer.epoch !== log.meta("epoch")) throw new Refusal("new_epoch", RESTORED);
  const { backed_up_seq: seq } = answer;
  if (Number.isSafeInteger(seq) && seq !== log.meta("backed_up_seq")) log.setMeta({ backed_up_seq: seq });
}

/**
 * Keep what headquarters gave with an enrolment: its own records and the device's. Inside a
 * transaction.
 *
 * @param {Log} log
 * @param {Item[]} items
 * @param {() => string} now
 * @param {Pulled} [found] counts what came
 * @throws {Refusal} `forged_receipt`: something is signed by nobody known here
 */
export async function believe(log, items, now, found = nothingPulled()) {
  let waiting = items;
  while (waiting.length > 0) {
    // A device's record may come right before what the device wrote.
    const until = waiting.findIndex(({ payload }) => payload?.includes?.('"kind":"device"')) + 1;
    const part = waiting.slice(0, until || waiting.length);
    waiting = waiting.slice(part.length);
    takeIn(log, await checkAll(log, part, found), now(), found);
  }
}

/**
 * Check signatures, profile and envelopes; what cannot be read stops its device and is told.
 *
 * @param {Log} log
 * @param {Item[]} items
 * @param {Pulled} found
 * @returns {Promise<Checked[]>} with those that were here already
 * @throws {Refusal} `forged_receipt`
 */
async function checkAll(log, items, found) {
  const read = await Promise.all(items.map((item) => checkOne(log, item)));
  /** @type {Set<string>} */
  const stopped = new Set();
  /** @type {Checked[]} */
  const sound = [];
  for (const { device, refusal, checked } of read) {
    if (checked && !stopped.has(device)) sound.push(checked);
    if (!refusal || stopped.has(device)) continue;
    if (refusal.code === "bad_signature") throw new Refusal("forged_receipt", NOT_SIGNED, { cause: refusal });
    stopped.add(device);
    found.skipped.push(refusal);
  }
  return sound;
}

/**
 * @param {Log} log
 * @param {Item} item
 * @returns {Promise<{device: string, refusal?: Refusal, checked?: Checked}>}
 */
async function checkOne(log, { payload, signature, code }) {
  let device = "";
  try {
    const document = parse(String(payload));
    const hash = await sha256Hex(payload);
    device = String(document.device);
    const verdict = code ? String(code) : null;
    const here = log.entry(hash);
    if (document.mission !== log.meta("profile").mission) throw new Refusal("unknown_mission");
    const writer = log.device(device);
    if (!writer) throw new Refusal("unknown_device");
    if (!here) await check(writer.public_key, "change", payload, String(signature));
    const change = await read(payload, String(signature), { hash, document });
    if (change.author !== writer.author) throw new Refusal("bad_envelope", "Another author's device.");
    return { device, checked: { change, hash, code: verdict ?? overstep(change, writer.role) } };
  } catch (error) {
    if (error instanceof Refusal) return { device, refusal: error };
    throw error;
  }
}

/**
 * What no answer can make acceptable: words that are the hub's alone, of somebody else.
 *
 * @param {Change} change
 * @param {string} role of the device that wrote it
 */
function overstep({ kind, set }, role) {
  if (role === HUB) return null;
  const isReply = kind !== "query" || Object.keys(set).every((path) => path.startsWith("reply/"));
  return role !== RELAY && !HUB_KINDS.has(kind) && isReply ? null : "not_allowed";
}

/**
 * Store what came, as headquarters judged it: it is known to hold all of this.
 *
 * @param {Log} log
 * @param {Checked[]} all
 * @param {string} at
 * @param {Pulled} found
 */
function takeIn(log, all, at, found) {
  for (const { change, hash, code } of all) {
    if (log.entry(hash)) {
      // Headquarters' word may be another than this device's own was.
      log.alter(hash, { held: true, state: code ? "quarantined" : "stored", code });
      continue;
    }
    if (log.hashAt(change.device, change.seq)) {
      log.putAside(change, at);
      found.skipped.push(new Refusal("fork", "Two changes of a device have one number."));
      continue;
    }
    log.append(change, { code, at, held: true });
    found.new[change.kind] = (found.new[change.kind] ?? 0) + 1;
  }
}

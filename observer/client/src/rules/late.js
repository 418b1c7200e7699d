/**
 * When the phone was handed in, and which log entries were written down later than they happened.
 * Twin of `schemas/late.py`; `schemas/vectors/late.json` holds examples with their results.
 */

import { moment } from "./moment.js";
import { isBefore } from "./order.js";
import { isObject } from "./relevance.js";
import { says } from "./scene.js";

export const HANDED_IN = "phone_handed_in";
export const RETURNED = "phone_returned";
const LATE_AFTER = 30n * 60n * 1_000_000n; // microseconds

/** @typedef {{from: string, until: string | null}} Gap as the times stand in the two entries; `until` is null while the phone is away */
/** @typedef {{at: bigint, entered: bigint | null, id: string, entry: Record<string, any>}} Timed */

/**
 * When the phone was away, in the order of time. Entries that were taken back say nothing; a phone
 * that is handed in twice was away from the first time on; one that comes back and was never handed
 * in leaves no gap.
 *
 * @param {Readonly<Record<string, any>>} observation its values by path
 * @returns {Gap[]}
 */
export function phoneGaps(observation) {
  /** @type {Gap[]} */
  const gaps = [];
  for (const { entry } of timed(observation)) {
    if (says(entry.withdrawn)) continue;
    const last = gaps.at(-1);
    const away = last !== undefined && last.until === null;
    if (entry.kind === HANDED_IN && !away) gaps.push({ from: entry.at, until: null });
    else if (entry.kind === RETURNED && away) last.until = entry.at;
  }
  return gaps;
}

/**
 * The ids of the entries that were written down late: entered more than 30 minutes after their time,
 * or their time lies in a gap (its beginning included) and they were entered when the phone was back.
 * While a gap is open nobody knows when that was, so that only the 30 minutes count. An entry without
 * a readable `at` or `entered_at` is not late.
 *
 * @param {Readonly<Record<string, any>>} observation its values by path
 * @returns {Set<string>}
 */
export function lateEntries(observation) {
  const gaps = phoneGaps(observation).map(({ from, until }) => [moment({ at: from }), until === null ? null : moment({ at: until })]);
  /** @param {bigint} at @param {bigint} entered */
  const inGap = (at, entered) => gaps.some(([from, until]) => from !== null && from !== undefined && until !== null && until !== undefined && from <= at && at < until && until <= entered);
  /** @type {Set<string>} */
  const late = new Set();
  for (const { at, entered, id } of timed(observation)) {
    if (entered !== null && (entered - at > LATE_AFTER || inGap(at, entered))) late.add(id);
  }
  return late;
}

/**
 * Entries with a readable time: by that, then by when they were entered, then by id.
 * @param {Readonly<Record<string, any>>} observation
 */
function timed(observation) {
  /** @type {Timed[]} */
  const found = [];
  for (const [path, entry] of Object.entries(observation)) {
    if (!path.startsWith("log/") || !isObject(entry)) continue;
    const at = moment(entry);
    if (at !== null) found.push({ at, entered: moment({ at: entry.entered_at }), id: path.slice("log/".length), entry });
  }
  return found.sort((a, b) => compare(a.at, b.at) || compare(a.entered ?? a.at, b.entered ?? b.at) || (isBefore(a.id, b.id) ? -1 : 1));
}

/**
 * @param {bigint} a
 * @param {bigint} b
 */
function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}

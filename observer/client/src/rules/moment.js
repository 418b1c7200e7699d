/**
 * When an entry of the log took place, and the order of entries. Twin of `schemas/moment.py`. This
 * program writes RFC 3339; a day alone, a time without seconds and one without offset (it is UTC
 * then) are read too.
 */

import { daysSince1970, isDay } from "../protocol/clock.js";
import { isBefore } from "./order.js";

const PARTS =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:.([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?(?:Z|([+-])([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?)?)?$/su;
const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;
// Beyond these the clock of some place would show a day that no calendar here has.
const FIRST = BigInt(daysSince1970(1, 1, 2)) * DAY;
const LAST = BigInt(daysSince1970(9999, 12, 31)) * DAY;

/**
 * Microseconds since 1970, or null if the entry has no readable time. Exact, so that the order of
 * two entries is the one that the laptop sees.
 *
 * @param {Readonly<Record<string, any>>} entry
 * @returns {bigint | null}
 */
export function moment(entry) {
  if (typeof entry.at !== "string") return null;
  let found = read.get(entry.at);
  if (found === undefined) {
    // The same few hundred times are asked for at every tap.
    if (read.size > MOST_READ) read.clear();
    found = momentOf(entry.at);
    read.set(entry.at, found);
  }
  return found;
}

const MOST_READ = 5000;
/** @type {Map<string, bigint | null>} */
const read = new Map();

/**
 * Milliseconds since 1970, for the clock of a zone; null at the ends of the calendar, where the
 * clocks of some zones could show nothing.
 *
 * @param {bigint | null} when microseconds since 1970
 */
export function millisOf(when) {
  if (when === null || when < FIRST || when >= LAST) return null;
  // Down and not towards nought, and as whole numbers: a clock shows the minute that has begun.
  const rest = ((when % 1000n) + 1000n) % 1000n;
  return Number((when - rest) / 1000n);
}

/**
 * Entries with their ids, by time and then by id; those without a readable time come first.
 *
 * @template {Readonly<Record<string, any>>} T
 * @param {Iterable<[string, T]>} entries
 * @returns {[string, T][]}
 */
export function inOrder(entries) {
  const timed = [...entries].map((entry) => ({ entry, when: moment(entry[1]) }));
  timed.sort((a, b) => {
    if (a.when === b.when) return isBefore(a.entry[0], b.entry[0]) ? -1 : 1;
    return b.when !== null && (a.when === null || a.when < b.when) ? -1 : 1;
  });
  return timed.map(({ entry }) => entry);
}

/** @param {string} at */
function momentOf(at) {
  const found = PARTS.exec(at);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  const offset = micros(Number(found[9] ?? 0), Number(found[10] ?? 0), found[11], found[12]);
  if (offset >= DAY) return null;
  const local =
    BigInt(daysSince1970(year, month, day)) * DAY + micros(hour, minute, found[6], found[7]);
  return found[8] === "-" ? local + offset : local - offset;
}

/**
 * @param {number} hours
 * @param {number} minutes
 * @param {string} [seconds]
 * @param {string} [fraction] digits beyond microseconds are cut off
 */
function micros(hours, minutes, seconds = "0", fraction = "") {
  const whole = BigInt(hours * 3600 + minutes * 60 + Number(seconds));
  return whole * SECOND + BigInt(fraction.padEnd(6, "0").slice(0, 6));
}

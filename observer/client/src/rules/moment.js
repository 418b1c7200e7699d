/**
 * When an entry of the log took place. This program writes RFC 3339; the twin in
 * `schemas/consistency.py` also takes a day alone, a time without seconds or without offset (it is
 * UTC then), and so does this. What Python reads beyond that (days of a week, digits without
 * separators) is no time here.
 */

import { daysSince1970, isDay } from "../protocol/clock.js";

const PARTS =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:.([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?(?:Z|([+-])([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?)?)?$/su;
const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

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

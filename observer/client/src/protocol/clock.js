/**
 * Times as this project writes them: RFC 3339 with offset, milliseconds; and what is read as one.
 *
 * `Date.parse` is not asked: engines differ in what else they take, it knows no microseconds, and
 * it takes 30 February. What is an instant here is one in `schemas/envelope.py`, and the other way
 * round.
 */

const RFC3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;
const DAY = 86_400;

/** This device's clock, as `2026-03-02T09:30:00.000Z`. */
export function now() {
  return new Date().toISOString();
}

/**
 * Whether a value is an RFC 3339 date-time with offset that names a real instant.
 *
 * @param {unknown} text
 */
export function isInstant(text) {
  return typeof text === "string" && read(text) !== null;
}

/**
 * An RFC 3339 time as milliseconds since 1970, microseconds as a fraction; NaN if it is none.
 *
 * @param {string} text
 */
export function instant(text) {
  const found = read(text);
  return found === null ? NaN : found.seconds * 1000 + found.micros / 1000;
}

/**
 * An RFC 3339 time as seconds since 1970; NaN if it is none. It is the same float that Python's
 * `datetime.timestamp()` gives, so that the two break the same ties.
 *
 * @param {string} text
 */
export function secondsOf(text) {
  const found = read(text);
  return found === null ? NaN : floatSeconds(found.seconds, found.micros);
}

/**
 * Seconds and microseconds as one float, rounded once: a decimal text is read as the nearest.
 *
 * @param {number} seconds whole, perhaps negative
 * @param {number} micros 0 to 999999, counted forward from the second
 */
function floatSeconds(seconds, micros) {
  const borrow = seconds < 0 && micros > 0;
  const whole = borrow ? -(seconds + 1) : Math.abs(seconds);
  const rest = borrow ? 1_000_000 - micros : micros;
  return Number(`${seconds < 0 ? "-" : ""}${whole}.${String(rest).padStart(6, "0")}`);
}

/**
 * @param {string} text
 * @returns {{seconds: number, micros: number} | null}
 */
function read(text) {
  const found = RFC3339.exec(text);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  const offset = Number(found[9] ?? 0) * 3600 + Number(found[10] ?? 0) * 60;
  if (offset >= DAY) return null;
  const local = daysSince1970(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
  // Digits beyond microseconds are cut off, not rounded.
  const micros = Number((found[7] ?? "").padEnd(6, "0").slice(0, 6));
  return { seconds: found[8] === "-" ? local + offset : local - offset, micros };
}

/**
 * Whether year, month (from 1) and day are a day of the calendar, from year 1 to 9999.
 *
 * @param {number} year
 * @param {number} month
 * @param {number} day
 */
export function isDay(year, month, day) {
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/**
 * @param {number} year
 * @param {number} month
 */
function daysInMonth(year, month) {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * Days from 1970-01-01 to a day of the calendar; negative before.
 *
 * @param {number} year
 * @param {number} month from 1
 * @param {number} day
 */
export function daysSince1970(year, month, day) {
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for those of the last century.
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / (DAY * 1000);
}

/** The court's clock: instants shown in the hearing's time zone, and times of day back into instants. */

import { millisOf, moment } from "../rules/moment.js";

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {string} zone
 * @returns {Intl.DateTimeFormat}
 */
function formatOf(zone) {
  const known = formats.get(zone);
  if (known) return known;
  const format = formatFor(zone) ?? formatOf("UTC");
  formats.set(zone, format);
  return format;
}

/** @type {Map<string, Intl.DateTimeFormat>} by language */
const days = new Map();
/** Clock times by zone and instant: a log of hundreds is shown again at each entry. @type {Map<string, string>} */
const clocks = new Map();
const MOST_CLOCKS = 5000;

/** @param {string} zone */
function formatFor(zone) {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  } catch {
    return null;
  }
}

/**
 * Day and time of an instant in a zone.
 * @param {number} instant milliseconds since 1970
 * @param {string} zone IANA name
 */
export function partsAt(instant, zone) {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
  return { day: `${parts.year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

/**
 * A log entry's time in court: `09:30`, `≈ 09:30`, or `–` where only the order is known.
 * @param {any} entry
 * @param {string} zone
 */
export function clockOf(entry, zone) {
  const at = millisOf(moment(entry ?? {}));
  if (entry?.at_precision === "order_only" || at === null) return "–";
  const key = `${zone} ${at}`;
  let time = clocks.get(key);
  if (time === undefined) {
    if (clocks.size > MOST_CLOCKS) clocks.clear();
    ({ time } = partsAt(at, zone));
    clocks.set(key, time);
  }
  return entry.at_precision === "about" ? `≈ ${time}` : time;
}

/**
 * The instant of a time of day on the court's calendar, RFC 3339 in UTC.
 * @param {string} day `2026-03-02`
 * @param {string} time `09:30`
 * @param {string} zone
 */
export function atCourt(day, time, zone) {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  let instant = wanted;
  // Twice, since the first guess may lie on the other side of a change of the clock.
  for (let round = 0; round < 2; round += 1) {
    const there = partsAt(instant, zone);
    instant += wanted - Date.parse(`${there.day}T${there.time}:00Z`);
  }
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/**
 * A plain day in the reader's language.
 * @param {unknown} day
 * @param {string} language
 */
export function dayText(day, language) {
  const instant = Date.parse(`${day}T12:00:00Z`);
  if (Number.isNaN(instant)) return String(day ?? "");
  let format = days.get(language);
  if (!format) {
    format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
    days.set(language, format);
  }
  return format.format(instant);
}

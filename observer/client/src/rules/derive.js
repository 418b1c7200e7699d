/**
 * Values that the record of a hearing and its log already hold, offered for confirmation. Twin of
 * `schemas/derive.py`.
 *
 * A proposal is never an answer: it is shown to the observer, who confirms or changes it. Nothing
 * here guesses: where the log is silent or only gives an order, there is no proposal.
 */

import { inOrder, millisOf, moment } from "./moment.js";
import { isObject, personsOfKind, valuesOf } from "./relevance.js";
import { logEntries } from "./scene.js";
import { isZone } from "./zones.js";

/** @typedef {import("./relevance.js").FlatRecord} FlatRecord */
/** @typedef {{when: bigint, entry: FlatRecord}} Timed microseconds since 1970, and what was then */

/**
 * @typedef {object} Sources
 * @property {FlatRecord} hearing
 * @property {readonly FlatRecord[]} persons
 * @property {FlatRecord} observation
 * @property {readonly FlatRecord[]} entries
 * @property {readonly Timed[]} log entries by time and id, without those that have no time
 */

const MINUTE = 60_000_000n;
const ABOUT_EVIDENCE_TO_COME = ["request", "ruling", "objection"];
const MARKS = ["start", "break", "resume", "end"];

/**
 * Proposed values by the path of their answer (`answers/hearing.date`), only for items that the
 * checklist calls derived. Times are `HH:MM` in the time zone of the hearing, durations whole
 * minutes.
 *
 * @param {import("./checklist.js").Checklist} checklist
 * @param {FlatRecord} hearing
 * @param {readonly FlatRecord[]} persons
 * @param {FlatRecord} observation
 * @returns {Record<string, any>}
 */
export function proposals(checklist, hearing, persons, observation) {
  // Of one instant the id decides: the order of the fields is that in which they came to be known.
  const entries = inOrder(logEntries(observation)).map(([, entry]) => entry);
  const log = entries.flatMap((entry) => {
    const when = moment(entry);
    return when === null ? [] : [{ when, entry }];
  });
  // What has a kind that cannot be read may be anything: the log then says nothing.
  const readable = entries.every(({ kind }) => isWord(kind));
  const sources = { hearing, persons, observation, entries, log };
  /** @type {Record<string, any>} */
  const offered = {};
  for (const [item, derive] of readable ? DERIVED : WITHOUT_LOG) {
    const value = checklist.items.get(item)?.derived ? derive(sources) : null;
    if (value !== null) offered[`answers/${item}`] = value;
  }
  return offered;
}

/** @param {Sources} sources */
function date({ hearing }) {
  return typeof hearing.date === "string" && hearing.date !== "" ? hearing.date : null;
}

/** @param {Sources} sources */
function start(sources) {
  return localTime(sources, timed(sources, ["start"])[0]);
}

/** @param {Sources} sources */
function end(sources) {
  return localTime(sources, timed(sources, ["end"]).at(-1));
}

/**
 * @param {Sources} sources
 * @param {Timed} [found]
 */
function localTime({ hearing }, found) {
  if (found === undefined) return null;
  const time = timeAt(found.when, hearing.time_zone);
  const isAbout = found.entry.at_precision === "about";
  return time !== null && isAbout ? { time, precision: "about" } : time;
}

/** @type {Map<string, Intl.DateTimeFormat | null>} */
const clocks = new Map();

/**
 * `HH:MM` on the clock of a zone; null without the zone, as then no time can be named.
 *
 * @param {bigint} when microseconds since 1970
 * @param {any} zone name in the IANA database
 */
function timeAt(when, zone) {
  const reader = clockOf(zone);
  const millis = millisOf(when);
  if (reader === null || millis === null) return null;
  const parts = reader.formatToParts(millis);
  const found = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${found.hour}:${found.minute}`;
}

/** @param {any} zone */
function clockOf(zone) {
  if (typeof zone !== "string") return null;
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const made = isZone(zone) ? newClock(zone) : null;
  clocks.set(zone, made);
  return made;
}

/** @param {string} timeZone */
function newClock(timeZone) {
  const hour = "2-digit";
  // Making one takes a hundred times as long as using it.
  return new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", hour, minute: hour });
}

/** @param {Sources} sources */
function witnesses({ entries, persons }) {
  // Who speaks in a request, a ruling or an objection, or is asked for, is not thereby heard.
  const said = entries.filter(({ kind }) => !ABOUT_EVIDENCE_TO_COME.includes(kind));
  const named = new Set(said.flatMap((entry) => [...about(entry), ...textOf(entry.speaker)]));
  const ids = new Set(personsOfKind(persons, "witness"));
  const asked = persons.filter(({ id }) => ids.has(id));
  if (!asked.every(({ code }) => isWord(code))) return null;
  // Observers write the speaker as the code of the person.
  const heard = asked.filter(({ id, code }) => named.has(id) || named.has(code));
  // No mention is no proof that no one was heard: there is no proposal of zero.
  return heard.length > 0 ? heard.length : null;
}

/**
 * Whether a value is a text or left out.
 *
 * @param {unknown} value
 */
function isWord(value) {
  return (value ?? null) === null || typeof value === "string";
}

/** @param {FlatRecord} entry */
function about(entry) {
  return Array.isArray(entry.about) ? entry.about.flatMap(textOf) : textOf(entry.about);
}

/**
 * @param {unknown} value
 * @returns {string[]}
 */
function textOf(value) {
  return typeof value === "string" ? [value] : [];
}

/** @param {Sources} sources */
function counselStayed({ entries, observation }) {
  const kinds = new Set(entries.map(({ kind }) => kind));
  if (kinds.has("leaves") || !kinds.has("start") || !kinds.has("end")) return null;
  const answer = observation["answers/hearing.parties_present"] ?? null;
  if (answer !== null && !isObject(answer)) return null;
  const present = valuesOf(answer);
  // Who was not there did not stay.
  return present.length > 0 && !present.includes("defence_counsel") ? null : "yes";
}

/** @param {Sources} sources */
function duration(sources) {
  const marks = ofKind(sources, MARKS);
  if (marks.length !== timed(sources, MARKS).length) return null;
  const begun = ofKind(sources, ["start"])[0]?.when;
  const over = ofKind(sources, ["end"]).at(-1)?.when;
  if (begun === undefined || over === undefined || over < begun) return null;
  let sitting = 0n;
  /** @type {bigint | null} */
  let since = null;
  for (const { when, entry } of marks) {
    const isRunning = entry.kind === "start" || entry.kind === "resume";
    if (when < begun || when > over) continue;
    if (isRunning) {
      since ??= when;
    } else if (since !== null) {
      sitting += when - since;
      since = null;
    }
  }
  return Number(sitting / MINUTE);
}

/**
 * @param {Sources} sources
 * @param {readonly string[]} kinds
 */
function ofKind({ log }, kinds) {
  return log.filter(({ entry }) => kinds.includes(entry.kind));
}

/**
 * Those whose time is a time and not only a place in the order.
 *
 * @param {Sources} sources
 * @param {readonly string[]} kinds
 */
function timed(sources, kinds) {
  return ofKind(sources, kinds).filter(({ entry }) => entry.at_precision !== "order_only");
}

/** @type {readonly [string, (sources: Sources) => any][]} */
const WITHOUT_LOG = [["hearing.date", date]];
/** @type {typeof WITHOUT_LOG} */
const DERIVED = [
  ...WITHOUT_LOG,
  ["hearing.start_time", start],
  ["hearing.end_time", end],
  ["hearing.effective_duration", duration],
  ["evidence.witnesses_heard", witnesses],
  ["counsel.present_throughout", counselStayed],
];

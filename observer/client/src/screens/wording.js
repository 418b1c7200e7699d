/** Fields, values and records in words. Twin of `observer/views/versions.py`. */

import { clockOf, dayText, partsAt } from "./courttime.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */

const TIMES = ["opened_at", "started_at", "submitted_at"];

/**
 * A value in words.
 * @param {App} app
 * @param {import("../rules/checklist.js").Item} item
 * @param {any} value
 */
export function labelOf(app, item, value) {
  if (Array.isArray(value)) return value.map((each) => app.sections.label(item.id, each)).join(", ");
  if (value && typeof value === "object") return app.word("about_time", { time: value.time ?? "" });
  return app.sections.label(item.id, value);
}

/**
 * The question that a path answers, if it is one.
 *
 * @param {App} app
 * @param {string} path
 */
export function itemOf(app, path) {
  const [group, item = ""] = path.split("/");
  return group === "answers" ? app.sections.checklist.items.get(item) : undefined;
}

/**
 * Load what {@link fieldName} and {@link valueWords} say about a path.
 *
 * @param {App} app
 * @param {string} path
 */
export async function loadWords(app, path) {
  const item = itemOf(app, path);
  if (item) await app.sections.load(item.section);
}

/**
 * A field in words: a question with its code, or what the field is called.
 *
 * @param {App} app
 * @param {string} path
 */
export function fieldName(app, path) {
  const item = itemOf(app, path);
  if (item) return `${item.code} ${app.sections.text(item.id)}`;
  return app.frame.term("field", path.split("/")[0]);
}

/**
 * The code of the person that an answer is about; empty if of none.
 *
 * @param {App} app
 * @param {string} path
 */
export function personOf(app, path) {
  const id = path.split("/")[2];
  return (itemOf(app, path) && id && app.records.find(id)?.values.code) || "";
}

/**
 * A value with what stands beside it.
 *
 * @param {App} app
 * @param {RecordHere} record
 * @param {string} path
 * @param {any} value
 * @returns {{words: string, comment: string, entries: string}}
 */
export function telling(app, record, path, value) {
  const item = itemOf(app, path);
  if (!item) return { words: plainWords(app, record, path, value), comment: "", entries: "" };
  const given = value?.value ?? null;
  const count = value?.entries?.length ?? 0;
  return {
    words: given === null ? app.word("no_answer") : labelOf(app, item, given),
    comment: value?.comment ?? "",
    entries: count ? app.word(count === 1 ? "rests_on_one" : "rests_on", { count }) : "",
  };
}

/**
 * @param {App} app
 * @param {RecordHere} record
 * @param {string} path
 * @param {any} value
 */
function plainWords(app, record, path, value) {
  const name = path.split("/")[0] ?? "";
  if (value === null || value === undefined) return app.word("cleared");
  if (typeof value === "boolean") return app.word(value ? "yes" : "no");
  if (name === "log") {
    const parts = [clockOf(value, zoneOfRecord(app, record)), app.frame.term("kind", value.kind), value.text];
    return [...parts, value.withdrawn ? app.word("taken_back") : ""].filter(Boolean).join(" · ");
  }
  if (name === "attendance") return [value.value, value.by].filter(Boolean).map((each) => app.frame.term("term", each)).join(" · ");
  if (typeof value === "object") return String(value.reason ?? "");
  if (name === "role") return app.frame.term("role", value);
  if (name === "mode") return app.frame.term("term", value);
  if (name === "date") return dayText(value, document.documentElement.lang);
  return TIMES.includes(name) ? momentText(value, zoneOfRecord(app, record)) : String(value);
}

/**
 * Day and time of an instant in a zone.
 *
 * @param {string} at RFC 3339
 * @param {string} zone
 */
export function momentText(at, zone) {
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return "";
  const { day, time } = partsAt(instant, zone);
  return `${dayText(day, document.documentElement.lang)}, ${time}`;
}

/**
 * The time zone of the court that a record is about.
 *
 * @param {App} app
 * @param {RecordHere} record
 * @returns {string}
 */
export function zoneOfRecord(app, record) {
  if (record.kind === "observation") {
    const hearing = app.records.find(String(record.values.hearing));
    return hearing ? zoneOfRecord(app, hearing) : app.records.timeZone;
  }
  if (record.kind === "hearing") return String(record.values.time_zone ?? app.records.timeZone);
  const case_ = record.kind === "case" ? record.id : String(record.values.case);
  const zones = app.records.ofCase("hearing", case_).map(({ values }) => values.time_zone);
  return String(zones.filter(Boolean).at(-1) ?? app.records.timeZone);
}

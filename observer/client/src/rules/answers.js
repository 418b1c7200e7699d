/**
 * Whether an answer's value fits its question: twin of `schemas/answers.py`. Codes say what is
 * wrong; the words are the interface's. `schemas/vectors/answers.json` holds examples.
 */

import { isDay, isInstant } from "../protocol/clock.js";
import { SPECIAL } from "./checklist.js";
import { isObject } from "./relevance.js";

/** @typedef {import("./checklist.js").Item} Item */

/** Most characters (code points) of a text or a comment. */
export const MAX_TEXT = 10_000;
export const WRONG_KEYS = "wrong_keys";
export const BAD_VALUE = "bad_value";
export const NOT_AN_OPTION = "not_an_option";
export const NONE_EXCLUDES = "none_excludes_others";
export const BAD_ENTRIES = "bad_entries";
export const BAD_COMMENT = "bad_comment";
export const BAD_TIME = "bad_answered_at";

/** What names an entry of the log, and with it the path `log/<id>`. */
export const ENTRY_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const DATETIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]$/;
const KEYS = ["value", "entries", "comment", "answered_at"];
const MAX_NUMBER = 1_000_000;

/**
 * What is wrong with an answer, as codes; empty when it fits its question.
 *
 * @param {Item} item
 * @param {any} answer
 * @returns {string[]}
 */
export function checkAnswer(item, answer) {
  if (!isObject(answer) || !Object.hasOwn(answer, "value")) return [WRONG_KEYS];
  if (!Object.keys(answer).every((key) => KEYS.includes(key))) return [WRONG_KEYS];
  const problems = checkValue(item, answer.value);
  if (Object.hasOwn(answer, "entries") && !areEntries(answer.entries)) problems.push(BAD_ENTRIES);
  if (Object.hasOwn(answer, "comment") && !isText(answer.comment)) problems.push(BAD_COMMENT);
  if (Object.hasOwn(answer, "answered_at") && !isInstant(answer.answered_at)) {
    problems.push(BAD_TIME);
  }
  return problems;
}

/**
 * What is wrong with a bare value, as codes.
 *
 * @param {Item} item
 * @param {any} value
 * @returns {string[]}
 */
export function checkValue(item, value) {
  if (value === null || SPECIAL.includes(value)) return [];
  return BY_KIND[item.answer](item, value);
}

/** @type {Readonly<Record<string, (item: Item, value: any) => string[]>>} */
const BY_KIND = Object.freeze({
  compliance: choice,
  choice,
  multi,
  text: (_item, value) => when(isText(value) && value.length > 0),
  number,
  duration: number,
  date: (_item, value) => when(isDate(DATE, value)),
  time,
  datetime: (_item, value) => when(isDate(DATETIME, value) || isDate(DATE, value)),
});

/**
 * @param {Item} item
 * @param {any} value
 */
function choice(item, value) {
  return item.choices.includes(value) ? [] : [NOT_AN_OPTION];
}

/**
 * @param {Item} item
 * @param {any} value
 */
function multi(item, value) {
  if (!Array.isArray(value) || value.length === 0) return [BAD_VALUE];
  if (value.some((each) => !item.options.includes(each))) return [NOT_AN_OPTION];
  if (new Set(value).size !== value.length) return [BAD_VALUE];
  return value.includes("none") && value.length > 1 ? [NONE_EXCLUDES] : [];
}

/**
 * @param {Item} _item
 * @param {any} value
 */
function number(_item, value) {
  return when(Number.isInteger(value) && value >= 0 && value <= MAX_NUMBER);
}

/**
 * @param {Item} _item
 * @param {any} value
 */
function time(_item, value) {
  if (!isObject(value)) return when(typeof value === "string" && TIME.test(value));
  const known = Object.keys(value).length === 2 && value.precision === "about";
  return when(known && typeof value.time === "string" && TIME.test(value.time));
}

/** @param {boolean} fits */
function when(fits) {
  return fits ? [] : [BAD_VALUE];
}

/**
 * @param {RegExp} shape with year, month and day as its groups
 * @param {any} value
 */
function isDate(shape, value) {
  const found = typeof value === "string" ? shape.exec(value) : null;
  return found !== null && isDay(Number(found[1]), Number(found[2]), Number(found[3]));
}

/** @param {any} entries */
function areEntries(entries) {
  return (
    Array.isArray(entries) &&
    entries.every((entry) => typeof entry === "string" && ENTRY_ID.test(entry))
  );
}

/** @param {any} value */
function isText(value) {
  if (typeof value !== "string") return false;
  // Astral characters count once, as in Python; counting is for the rare text near the limit.
  return value.length <= MAX_TEXT || [...value].length <= MAX_TEXT;
}

/**
 * The envelope of a change: its keys, their types and their order-free meaning. Twin of
 * `schemas/envelope.py`, and like it judges shape only.
 */

import { isInstant } from "./clock.js";

/** The version of changes that is written here. */
export const VERSION = 1;
export const MISSION_ID = /^[a-z0-9_]{1,40}$/;
export const AUTHOR_CODE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/;
export const UUID_TEXT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const KIND = /^[a-z_]{1,40}$/;
export const HASH_TEXT = /^[0-9a-f]{64}$/;

/** Every kind of record of this version. */
export const KINDS = Object.freeze([
  "mission",
  "device",
  "checklist",
  "assignment",
  "case",
  "person",
  "hearing",
  "observation",
  "attachment",
  "source",
  "query",
  "review",
  "finding",
  "follow_up",
  "translation",
  "incident",
  "erasure",
]);

/** @type {Readonly<Record<string, (value: any, later: boolean) => boolean>>} */
const SHAPE = Object.freeze({
  v: (value, later) => (later ? value > VERSION : value === VERSION),
  mission: (value) => matches(MISSION_ID, value),
  device: (value) => matches(UUID_TEXT, value),
  seq: (value) => Number.isSafeInteger(value) && value >= 1,
  prev: (value) => typeof value === "string",
  author: (value) => matches(AUTHOR_CODE, value),
  kind: (value, later) => (later ? matches(KIND, value) : KINDS.includes(value)),
  record: (value) => matches(UUID_TEXT, value),
  parents: (value) => Array.isArray(value) && value.every((one) => matches(HASH_TEXT, one)),
  recorded_at: isInstant,
  set: (value, later) => (later ? value !== null : isFields(value)),
});

/**
 * Whether a change says that it is of a version after this one.
 *
 * @param {Record<string, any>} document
 */
export function isLater(document) {
  return Number.isSafeInteger(document.v) && document.v > VERSION;
}

/**
 * What is wrong with a change's envelope, as readable lines; empty when it is sound.
 *
 * @param {unknown} document
 * @returns {string[]}
 */
export function envelopeProblems(document) {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return ["a change is a JSON object"];
  }
  const given = /** @type {Record<string, any>} */ (document);
  const later = isLater(given);
  const problems = [];
  for (const [key, isSound] of Object.entries(SHAPE)) {
    if (!Object.hasOwn(given, key)) problems.push(`${key}: Missing.`);
    else if (!isSound(given[key], later)) problems.push(`${key}: Not of the shape it must have.`);
  }
  if (!later) {
    const unknown = Object.keys(given).filter((key) => !Object.hasOwn(SHAPE, key));
    problems.push(...unknown.map((key) => `${key}: Unknown.`));
  }
  return problems.length > 0 ? problems : meaningProblems(given);
}

/** @param {Record<string, any>} document of sound shape */
function meaningProblems(document) {
  const problems = [];
  const first = document.seq === 1;
  if (first !== (document.prev === "") || !(first || HASH_TEXT.test(document.prev))) {
    problems.push("prev: the hash of the change before, and empty only for the first");
  }
  if (new Set(document.parents).size !== document.parents.length) {
    problems.push("parents: a hash is named twice");
  }
  return problems;
}

/**
 * @param {RegExp} pattern
 * @param {unknown} value
 */
function matches(pattern, value) {
  return typeof value === "string" && pattern.test(value);
}

/** @param {unknown} value */
function isFields(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.keys(value).length > 0;
}

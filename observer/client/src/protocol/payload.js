/**
 * The profile of a payload: the JSON text that Python and JavaScript write byte for byte alike.
 * Twin of `sync/profile.py`, which says what is in it.
 */

import { isUnicode, utf8 } from "./bytes.js";
import { Refusal } from "./errors.js";

/** Most bytes of a payload as UTF-8. */
export const MAX_BYTES = 64 * 1024;
/** Most levels of objects and lists in each other. */
export const MAX_DEPTH = 8;
const KEY = /^[a-z_][a-z0-9_./-]*$/;

/**
 * The payload text of a document of plain values.
 *
 * @param {object} document
 * @returns {string}
 * @throws {Refusal} `too_large`: over 64 kB as UTF-8; `bad_payload`: it is outside the profile, so
 *   it must never be signed
 */
export function dump(document) {
  // JSON.stringify writes null for NaN and leaves out what is undefined: nothing of what was
  // written may be lost without a word.
  walk(document, 1);
  const text = JSON.stringify(document);
  parse(text);
  return text;
}

/**
 * The document of a payload text. A key may be `__proto__`: read own properties only.
 *
 * @param {string} text
 * @returns {Record<string, any>}
 * @throws {Refusal} `too_large`: over 64 kB as UTF-8; `bad_payload`: anything else outside the
 *   profile
 */
export function parse(text) {
  checkSize(text);
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw bad("The payload is not JSON of at most 8 levels.", error);
  }
  if (!isObject(document)) throw bad("A payload is a JSON object.");
  walk(document, 1);
  if (JSON.stringify(document) !== text) throw bad("The payload is not in its one canonical form.");
  return document;
}

/** @param {string} text */
function checkSize(text) {
  if (typeof text !== "string") throw bad("A payload is a text.");
  const tooMany = text.length > MAX_BYTES && [...text].length > MAX_BYTES;
  if (!tooMany && !isUnicode(text)) throw bad("The payload is not Unicode text.");
  if (tooMany || utf8(text).length > MAX_BYTES) {
    throw new Refusal("too_large", `A payload has at most ${MAX_BYTES} bytes.`);
  }
}

/**
 * @param {any} value an object or a list
 * @param {number} depth
 */
function walk(value, depth) {
  if (depth > MAX_DEPTH) throw bad(`A payload has at most ${MAX_DEPTH} levels.`);
  if (!Array.isArray(value)) {
    if (!isObject(value)) throw bad("A payload holds plain JSON values only.");
    for (const key of Object.keys(value)) {
      if (!KEY.test(key)) throw bad("Keys are lower case: [a-z_][a-z0-9_./-]*.");
    }
  }
  // A gap in a list is found as undefined, which Object.values would pass over.
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof child === "object" && child !== null) walk(child, depth + 1);
    else checkSimple(child);
  }
}

/** @param {unknown} value */
function checkSimple(value) {
  if (typeof value === "string") {
    if (value.includes("\0")) throw bad("Text has no NUL character.");
    if (!isUnicode(value)) throw bad("Text has no lone surrogate.");
  } else if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) {
      throw bad("Numbers are integers within 2^53-1; write decimals as strings.");
    }
  } else if (value !== null && typeof value !== "boolean") {
    throw bad("A payload holds plain JSON values only.");
  }
}

/** @param {unknown} value */
function isObject(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function bad(message, cause) {
  return new Refusal("bad_payload", message, { cause });
}

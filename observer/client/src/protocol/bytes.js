/** Texts as bytes and bytes as texts: UTF-8, base64url (RFC 4648, section 5), SHA-256. */

import { Refusal } from "./errors.js";

const BASE64URL = /^[A-Za-z0-9_-]*$/;
// With the u flag a pair of surrogates is one character, so that only lone ones are found.
const LONE_SURROGATE = /\p{Surrogate}/u;
const AT_ONCE = 8192;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The UTF-8 bytes of a text. A lone surrogate has none and would become U+FFFD: where bytes are
 * signed or hashed, ask {@link isUnicode} before.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function utf8(text) {
  return encoder.encode(text);
}

/**
 * The text of UTF-8 bytes; a byte order mark stays in it.
 *
 * @param {Uint8Array | ArrayBuffer} bytes
 * @throws {TypeError} the bytes are not UTF-8
 */
export function fromUtf8(bytes) {
  return decoder.decode(bytes);
}

/**
 * Whether a text has no lone surrogate, so that it can be written as UTF-8.
 *
 * @param {string} text
 */
export function isUnicode(text) {
  return !LONE_SURROGATE.test(text);
}

/**
 * Base64url without padding.
 *
 * @param {Uint8Array} bytes
 */
export function b64url(bytes) {
  let binary = "";
  // Each byte is an argument of its own, and an engine takes only so many.
  for (let at = 0; at < bytes.length; at += AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The bytes of unpadded base64url.
 *
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {Refusal} `bad_signature`: it is not base64url in its one form
 */
export function fromB64url(text) {
  if (typeof text !== "string" || !BASE64URL.test(text) || text.length % 4 === 1) {
    throw new Refusal("bad_signature", "A key or signature is not base64url.");
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
  // The last character has bits to spare; with them set, two texts would mean one signature.
  if (b64url(bytes) !== text) {
    throw new Refusal("bad_signature", "A key or signature is not base64url in its one form.");
  }
  return bytes;
}

/**
 * Lowercase hex SHA-256 of bytes, or of a text's UTF-8 bytes.
 *
 * @param {string | Uint8Array<ArrayBuffer>} content
 * @returns {Promise<string>}
 */
export async function sha256Hex(content) {
  const bytes = typeof content === "string" ? utf8(content) : content;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

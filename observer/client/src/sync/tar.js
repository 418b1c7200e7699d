/** The tar of a bundle: plain POSIX headers (IEEE 1003.1, ustar), names below 100 bytes. Pure. */

import { utf8 } from "../protocol/bytes.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const BLOCK = 512; // bytes
const MODE = "0000600";

/**
 * What stands before the bytes of a member.
 *
 * @param {string} name ASCII, at most 99 characters
 * @param {number} size bytes
 * @returns {Bytes}
 */
export function tarHeader(name, size) {
  const block = new Uint8Array(BLOCK);
  /** @param {number} at @param {string} text */
  const put = (at, text) => block.set(utf8(text), at);
  put(0, name);
  put(100, MODE);
  put(108, octal(0, 8));
  put(116, octal(0, 8));
  put(124, octal(size, 12));
  put(136, octal(0, 12));
  // The sum counts its own place as blanks.
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\u000000");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/**
 * What fills the last block of a member.
 *
 * @param {number} size bytes of the member
 * @returns {Bytes}
 */
export function tarPadding(size) {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends a tar. @returns {Bytes} */
export function tarEnd() {
  return new Uint8Array(2 * BLOCK);
}

/**
 * @param {number} value
 * @param {number} width with the NUL at its end
 */
function octal(value, width) {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

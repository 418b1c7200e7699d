/** What a file may be, before it is kept: how large, of which type. Twin of `sync/blob_limits.py`. */

import { Refusal } from "../protocol/errors.js";
import { pixelsOf, TYPES, typeOf } from "./types.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const MAX_BYTES = 50_000_000;
// Of an original; a phone decodes all of it into memory, at four bytes each.
export const MAX_PIXELS = 80_000_000;

/**
 * Return when a file may have so many bytes.
 *
 * @param {number} size
 * @throws {Refusal} `blob_too_large`
 */
export function checkSize(size) {
  if (size > 0 && size <= MAX_BYTES) return;
  throw new Refusal("blob_too_large", `A file has 1 to ${MAX_BYTES} bytes here. Make it smaller, or cut it in parts.`);
}

/**
 * The media type of a file that may be taken.
 *
 * @param {Bytes} bytes
 * @returns {string}
 * @throws {Refusal} `blob_too_large`, `wrong_blob_type`
 */
export function checkedType(bytes) {
  checkSize(bytes.length);
  const type = typeOf(bytes);
  if (type !== null && TYPES.has(type)) return type;
  throw new Refusal("wrong_blob_type", "Files of this type are not taken.");
}

/**
 * Return when a photo says how large it is, and may be opened. HEIC is not read: a browser that
 * opens it at all is that of the phone that made it.
 *
 * @param {Bytes} bytes
 * @param {string} type
 * @throws {Refusal} `wrong_blob_type`: damaged; `too_many_pixels`
 */
export function checkPhoto(bytes, type) {
  if (type === "image/heic") return;
  const pixels = pixelsOf(bytes, type);
  if (pixels === null) throw new Refusal("wrong_blob_type", "The photo is damaged and does not say its size.");
  if (pixels <= MAX_PIXELS) return;
  throw new Refusal("too_many_pixels", `The photo has ${Math.floor(pixels / 1_000_000)} megapixels.`);
}

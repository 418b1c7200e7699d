/**
 * What is sent in the place of a photo: drawn anew, so that nothing hidden goes along. The browser
 * turns it upright and converts its colours. Twin of `observer/derivative.py`.
 */

import { Refusal } from "../protocol/errors.js";
import { bare, isBare } from "./jpeg.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const LONGEST = 2000; // pixels of the longer side; text on a photographed page stays readable
const QUALITY = 0.85;
const JPEG = "image/jpeg";

/**
 * The photo to be sent, a JPEG.
 *
 * @param {Blob} original
 * @returns {Promise<Bytes>}
 * @throws {Refusal} `wrong_blob_type`: this browser cannot open it
 */
export async function derive(original) {
  let picture;
  try {
    picture = await createImageBitmap(original);
  } catch (cause) {
    throw new Refusal("wrong_blob_type", "The photo is damaged, or this browser cannot open it.", { cause });
  }
  try {
    const made = bare(await encoded(picture));
    if (!isBare(made)) throw new Refusal("wrong_blob_type", "This kind of photo cannot be cleaned here.");
    return made;
  } finally {
    picture.close();
  }
}

/**
 * The size at which a picture is drawn: never larger than it is.
 *
 * @param {number} width
 * @param {number} height
 * @returns {[number, number]} pixels
 */
export function drawnSize(width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/**
 * @param {ImageBitmap} picture
 * @returns {Promise<Bytes>}
 */
async function encoded(picture) {
  const [width, height] = drawnSize(picture.width, picture.height);
  const canvas = canvasOf(width, height);
  const context = /** @type {CanvasRenderingContext2D | null} */ (canvas.getContext("2d", { alpha: false }));
  if (!context) throw new Refusal("wrong_blob_type", "This browser cannot draw the photo anew.");
  // What is see-through would become black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  const blob = await blobOf(canvas);
  // Gives the memory back at once; some phones keep it for a while.
  canvas.width = canvas.height = 1;
  if (blob?.type !== JPEG) throw new Refusal("wrong_blob_type", "This browser cannot draw the photo anew.");
  return new Uint8Array(await blob.arrayBuffer());
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {OffscreenCanvas | HTMLCanvasElement}
 */
function canvasOf(width, height) {
  if (typeof OffscreenCanvas === "function") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

/**
 * @param {OffscreenCanvas | HTMLCanvasElement} canvas
 * @returns {Promise<Blob | null>}
 */
function blobOf(canvas) {
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type: JPEG, quality: QUALITY });
  return new Promise((done) => canvas.toBlob(done, JPEG, QUALITY));
}

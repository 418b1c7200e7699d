/**
 * What stands in a JPEG beside its picture: left out of what is sent, and read for one thing only,
 * when the camera says that the photo was taken. Pure.
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{marker: number, start: number, end: number}} Segment */

const START_OF_SCAN = 0xda;
const JFIF = 0xe0;
const ADOBE = 0xee; // says how the colours are coded; without it they come out wrong
const COMMENT = 0xfe;
const EXIF = "Exif\0\0";
// EXIF 2.31.
const EXIF_PLACE = 0x8769;
const TAKEN = 0x9003; // DateTimeOriginal
const OFFSET = 0x9011; // OffsetTimeOriginal

/**
 * The segments before the picture itself.
 *
 * @param {Bytes} bytes
 * @returns {Segment[]}
 * @throws {RangeError} it is not a sound JPEG
 */
export function segments(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new RangeError("not a JPEG");
  const found = [];
  let at = 2;
  for (;;) {
    const start = at;
    if (bytes[at] !== 0xff) throw new RangeError("no marker");
    while (bytes[at] === 0xff) at += 1;
    const marker = bytes[at];
    const length = (bytes[at + 1] << 8) | bytes[at + 2];
    const end = at + 1 + length;
    if (marker === undefined || !(length >= 2) || end > bytes.length) throw new RangeError("cut off");
    if (marker === START_OF_SCAN) return found;
    found.push({ marker, start, end });
    at = end;
  }
}

/** @param {Segment} segment */
function tells({ marker }) {
  return marker === COMMENT || (marker > JFIF && marker <= 0xef && marker !== ADOBE);
}

/**
 * The same picture without anything that tells of more: EXIF, GPS, thumbnails, XMP, comments, colour
 * profiles. Some browsers write an EXIF of their own into what they encode.
 *
 * @param {Bytes} bytes
 * @returns {Bytes}
 * @throws {RangeError} it is not a sound JPEG
 */
export function bare(bytes) {
  const out = segments(bytes).filter((segment) => tells(segment));
  const kept = new Uint8Array(bytes.length - out.reduce((sum, { start, end }) => sum + end - start, 0));
  let [from, to] = [0, 0];
  for (const { start, end } of [...out, { start: bytes.length, end: bytes.length }]) {
    kept.set(bytes.subarray(from, start), to);
    to += start - from;
    from = end;
  }
  return kept;
}

/**
 * Whether nothing stands beside the picture.
 * @param {Bytes} bytes
 */
export function isBare(bytes) {
  return segments(bytes).every((segment) => !tells(segment));
}

/**
 * When a photo says that it was taken: the camera's clock, with an offset only where it wrote one.
 *
 * @param {Bytes} bytes a JPEG
 * @returns {string | null}
 */
export function takenAt(bytes) {
  try {
    const segment = segments(bytes).find(({ marker, start }) => marker === 0xe1 && latin(bytes, start + 4, 6) === EXIF);
    return segment ? moment(bytes.subarray(segment.start + 10, segment.end)) : null;
  } catch {
    // A damaged EXIF tells nothing; the picture may be sound.
    return null;
  }
}

/** @param {Bytes} tiff */
function moment(tiff) {
  const data = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const little = latin(tiff, 0, 2) === "II";
  const exif = entry(data, data.getUint32(4, little), EXIF_PLACE, little);
  if (exif === null) return null;
  const place = data.getUint32(exif + 8, little);
  /** @param {number} tag */
  const textOf = (tag) => {
    const at = entry(data, place, tag, little);
    if (at === null) return "";
    const count = data.getUint32(at + 4, little);
    return latin(tiff, count > 4 ? data.getUint32(at + 8, little) : at + 8, count).replace(/[\0 ]+$/, "");
  };
  const [, day, time] = /^(\d{4}:\d\d:\d\d) (\d\d:\d\d:\d\d)$/.exec(textOf(TAKEN)) ?? [];
  if (!day) return null;
  const zone = textOf(OFFSET);
  return `${day.replaceAll(":", "-")}T${time}${/^[+-]\d\d:\d\d$/.test(zone) ? zone : ""}`;
}

/**
 * Where the entry of a tag is in a directory.
 *
 * @param {DataView} data
 * @param {number} place of the directory
 * @param {number} tag
 * @param {boolean} little
 * @returns {number | null}
 */
function entry(data, place, tag, little) {
  const count = data.getUint16(place, little);
  for (let at = place + 2; at < place + 2 + 12 * count; at += 12) if (data.getUint16(at, little) === tag) return at;
  return null;
}

/**
 * @param {Bytes} bytes
 * @param {number} from
 * @param {number} count
 */
function latin(bytes, from, count) {
  return String.fromCharCode(...bytes.subarray(from, from + Math.min(count, 64)));
}

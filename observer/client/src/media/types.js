/**
 * What a file is by its content: its media type, and an image's size in pixels. Read off the first
 * bytes and the headers alone; nothing is decoded. Twin of `sync/blob_types.py`.
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const IMAGE = "image";
export const AUDIO = "audio";
export const DOCUMENT = "document";

/** What each media type that is taken is to people. */
export const TYPES = new Map([
  ["image/jpeg", IMAGE],
  ["image/png", IMAGE],
  ["image/webp", IMAGE],
  ["image/heic", IMAGE],
  ["application/pdf", DOCUMENT],
  ["audio/mp4", AUDIO],
  ["audio/ogg", AUDIO],
  ["audio/webm", AUDIO],
  ["audio/mpeg", AUDIO],
  ["audio/wav", AUDIO],
]);

const HEAD = 64; // bytes that tell the type
const MAX_HEADERS = 4_000_000; // bytes within which an image must say its size
const STARTS = /** @type {const} */ ([
  ["\xff\xd8\xff", "image/jpeg"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["%PDF-", "application/pdf"],
  ["OggS", "audio/ogg"],
  ["ID3", "audio/mpeg"],
]);
const HEIC = new Set(["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"]);
const MP4 = ["M4A", "M4B", "mp4", "isom", "iso", "avc", "dash", "3gp", "MSNV", "f4"];

/**
 * The media type of a file by its first bytes; `null`: no known one. MP4, Ogg and WebM hold sound or
 * moving pictures; both count as sound here.
 *
 * @param {Bytes} bytes
 * @returns {string | null}
 */
export function typeOf(bytes) {
  const head = text(bytes, 0, HEAD);
  const start = STARTS.find(([begins]) => head.startsWith(begins));
  if (start) return start[1];
  if (head.startsWith("RIFF")) return { WEBP: "image/webp", WAVE: "audio/wav" }[head.slice(8, 12)] ?? null;
  if (head.slice(4, 8) === "ftyp") {
    const brand = head.slice(8, 12);
    if (HEIC.has(brand)) return "image/heic";
    return MP4.some((begins) => brand.startsWith(begins)) ? "audio/mp4" : null;
  }
  if (head.startsWith("\x1aE\xdf\xa3")) return head.includes("webm") ? "audio/webm" : null;
  return isMpegAudio(bytes) ? "audio/mpeg" : null;
}

/**
 * ISO/IEC 11172-3, 2.4.1.3: 11 bits of synchronisation, then version, layer, rate.
 * @param {Bytes} head
 */
function isMpegAudio(head) {
  if (head.length < 4 || head[0] !== 0xff || (head[1] & 0xe0) !== 0xe0) return false;
  const [version, layer, rate] = [(head[1] >> 3) & 3, (head[1] >> 1) & 3, head[2] >> 4];
  return version !== 1 && layer === 1 && rate !== 0 && rate !== 15 && ((head[2] >> 2) & 3) !== 3;
}

/**
 * Pixels of an image by its headers; `null` where they do not say it soundly. Of HEIC it is not read
 * here: what opens it says so itself.
 *
 * @param {Bytes} bytes
 * @param {string} type as {@link typeOf} says
 * @returns {number | null}
 */
export function pixelsOf(bytes, type) {
  const readers = { "image/jpeg": jpegSize, "image/png": pngSize, "image/webp": webpSize };
  const reader = readers[/** @type {keyof typeof readers} */ (type)];
  try {
    const [width, height] = reader?.(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)) ?? [0, 0];
    return width * height || null;
  } catch {
    // Cut off, or of no known shape.
    return null;
  }
}

/** @param {DataView} data @returns {[number, number]} */
function jpegSize(data) {
  let at = 2;
  while (at < MAX_HEADERS) {
    if (data.getUint8(at) !== 0xff) break;
    while (data.getUint8(at) === 0xff) at += 1;
    const marker = data.getUint8(at);
    at += 1;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    const length = data.getUint16(at);
    if (isFrame(marker)) return [data.getUint16(at + 5), data.getUint16(at + 3)];
    if (marker === 0xd9 || marker === 0xda || length < 2) break;
    at += length;
  }
  throw new RangeError("no frame");
}

/** @param {number} marker */
function isFrame(marker) {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** @param {DataView} data @returns {[number, number]} */
function pngSize(data) {
  if (data.getUint32(12) !== 0x49484452) throw new RangeError("no header");
  return [data.getUint32(16), data.getUint32(20)];
}

/** @param {DataView} data @returns {[number, number]} */
function webpSize(data) {
  const at = 20;
  const three = (/** @type {number} */ from) => 1 + data.getUint16(from, true) + (data.getUint8(from + 2) << 16);
  const kind = data.getUint32(12);
  if (kind === 0x56503858) return [three(at + 4), three(at + 7)]; // VP8X
  if (kind === 0x56503820) return [data.getUint16(at + 6, true) & 0x3fff, data.getUint16(at + 8, true) & 0x3fff]; // VP8
  if (kind === 0x5650384c && data.getUint8(at) === 0x2f) {
    const bits = data.getUint32(at + 1, true); // VP8L
    return [1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff)];
  }
  throw new RangeError("no known kind of WebP");
}

/**
 * @param {Bytes} bytes
 * @param {number} from
 * @param {number} to
 */
function text(bytes, from, to) {
  return String.fromCharCode(...bytes.subarray(from, to));
}

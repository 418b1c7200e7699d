/**
 * Ed25519 (RFC 8032) by the browser, or by @noble/curves where the browser has none: a bundle
 * loads that file only then.
 */

import { b64url, fromB64url } from "./bytes.js";

/**
 * @typedef {object} Signing
 * @property {Uint8Array<ArrayBuffer>} publicKey 32 bytes
 * @property {(message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>} sign 64 bytes
 */

/**
 * One way to do Ed25519.
 *
 * @typedef {object} Engine
 * @property {string} name
 * @property {(seed: Uint8Array) => Promise<Signing>} open
 * @property {(publicKey: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>) => Promise<boolean>} verify
 *   false also for what is no key at all
 */

// RFC 8410: the DER of a private key but for its 32 bytes.
const PKCS8 = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
/** A public key of zeros is no device's; it only asks whether the browser knows the algorithm. */
const ANY_KEY = new Uint8Array(32);

// Low bytes first, without the sign: points of small order, for which a signature proves nothing.
const SMALL_ORDER = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);
/** From this on, with 30 bytes of ones between, a number is no remainder of 2^255-19. */
const MODULUS = { first: 0xed, last: 0x7f };

/**
 * Whether 32 bytes are a point that libsodium refuses and some browsers take: one of small order,
 * or one that is not written in its one form. Devices must not differ in what they take for signed.
 *
 * @param {Uint8Array} point a public key, or the first half of a signature
 */
export function isWeak(point) {
  const bytes = Array.from(point);
  bytes[31] &= 0x7f;
  const isBeyond =
    bytes[31] === MODULUS.last &&
    bytes[0] >= MODULUS.first &&
    bytes.slice(1, 31).every((byte) => byte === 0xff);
  return isBeyond || SMALL_ORDER.has(bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
}

/** @type {Engine} */
export const native = {
  name: "WebCrypto",
  async open(seed) {
    const der = Uint8Array.from([...PKCS8, ...seed]);
    const readable = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", readable);
    const key = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]);
    der.fill(0);
    const sign = async (/** @type {Uint8Array<ArrayBuffer>} */ message) =>
      new Uint8Array(await crypto.subtle.sign("Ed25519", key, message));
    return { publicKey: fromB64url(String(x)), sign };
  },
  async verify(publicKey, message, signature) {
    const key = await imported(publicKey);
    return key !== null && crypto.subtle.verify("Ed25519", key, signature, message);
  },
};

/** @type {Map<string, CryptoKey>} */
const parsed = new Map();
const MAX_PARSED = 500;

/** @param {Uint8Array<ArrayBuffer>} publicKey */
async function imported(publicKey) {
  const name = b64url(publicKey);
  const known = parsed.get(name);
  if (known !== undefined) return known;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    if (parsed.size < MAX_PARSED) parsed.set(name, key);
    return key;
  } catch (error) {
    if (isName(error, "NotSupportedError")) throw error;
    return null;
  }
}

/**
 * @returns {Promise<Engine>}
 */
export async function noble() {
  const { ed25519 } = await import("@noble/curves/ed25519.js");
  return {
    name: "noble",
    async open(seed) {
      const secret = Uint8Array.from(seed);
      const publicKey = Uint8Array.from(ed25519.getPublicKey(secret));
      return { publicKey, sign: async (message) => ed25519.sign(message, secret) };
    },
    async verify(publicKey, message, signature) {
      try {
        // Without ZIP 215, which takes more than RFC 8032 and libsodium do.
        return ed25519.verify(signature, message, publicKey, { zip215: false });
      } catch {
        return false;
      }
    },
  };
}

/** @type {Promise<Engine> | undefined} */
let chosen;

/**
 * The way that this browser has; asked once.
 *
 * @returns {Promise<Engine>}
 */
export function engine() {
  chosen ??= crypto.subtle
    .importKey("raw", ANY_KEY, "Ed25519", false, ["verify"])
    .then(() => native)
    // Which error a browser without the algorithm gives differs; after any the other way is right.
    .catch(noble);
  chosen.catch(() => (chosen = undefined));
  return chosen;
}

/**
 * @param {unknown} error
 * @param {string} name
 */
function isName(error, name) {
  return error instanceof Error && error.name === name;
}

/**
 * Ed25519 keys and what they sign: twin of `sync/keys.py`.
 *
 * Each purpose has its own prefix, so that a signature made for one can never serve as another.
 */

import { b64url, fromB64url, isUnicode, sha256Hex, utf8 } from "./bytes.js";
import { engine, isWeak } from "./ed25519.js";
import { Refusal } from "./errors.js";

/** What may be signed. */
export const PURPOSES = Object.freeze(["change", "receipt", "enrol", "token", "epoch"]);
const SEED_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const DOES_NOT_HOLD = "The signature is not this device's for this text and purpose.";

/** The private key of a device. */
export class DeviceKey {
  #seed;
  #signing;

  /**
   * For {@link DeviceKey.load} and {@link DeviceKey.generate} only.
   *
   * @param {Uint8Array<ArrayBuffer>} seed
   * @param {import("./ed25519.js").Signing} signing
   */
  constructor(seed, signing) {
    this.#seed = seed;
    this.#signing = signing;
    /** The public key as base64url. */
    this.publicKey = b64url(signing.publicKey);
  }

  /** A new random key. */
  static async generate() {
    return DeviceKey.load(crypto.getRandomValues(new Uint8Array(SEED_BYTES)));
  }

  /**
   * The key with this seed.
   *
   * @param {Uint8Array} seed 32 bytes
   * @param {import("./ed25519.js").Engine} [by] which Ed25519 to use; the browser's where it has one
   * @returns {Promise<DeviceKey>}
   * @throws {RangeError} not 32 bytes
   */
  static async load(seed, by) {
    if (seed.length !== SEED_BYTES) throw new RangeError("The seed of a key has 32 bytes.");
    const own = Uint8Array.from(seed);
    return new DeviceKey(own, await (by ?? (await engine())).open(own));
  }

  /** The 32 bytes to keep; what they are given to must seal them. */
  get seed() {
    return Uint8Array.from(this.#seed);
  }

  /**
   * The signature over the purpose's prefix and the payload's bytes, as base64url.
   *
   * @param {string} purpose one of {@link PURPOSES}
   * @param {string} payload
   * @returns {Promise<string>}
   * @throws {Refusal} `bad_signature`: the payload is not Unicode text
   */
  async sign(purpose, payload) {
    return b64url(await this.#signing.sign(message(purpose, payload)));
  }
}

/**
 * Returns when the signature holds.
 *
 * @param {string} publicKey base64url
 * @param {string} purpose one of {@link PURPOSES}
 * @param {string} payload
 * @param {string} signature base64url
 * @param {import("./ed25519.js").Engine} [by] which Ed25519 to use; the browser's where it has one
 * @throws {Refusal} `bad_signature`: it does not hold
 */
export async function check(publicKey, purpose, payload, signature, by) {
  const signed = message(purpose, payload);
  const key = fromB64url(publicKey);
  const proof = fromB64url(signature);
  const sound = key.length === KEY_BYTES && proof.length === SIGNATURE_BYTES;
  const isProof = sound && !isWeak(key) && !isWeak(proof.subarray(0, KEY_BYTES));
  if (!isProof || !(await (by ?? (await engine())).verify(key, signed, proof))) {
    throw new Refusal("bad_signature", DOES_NOT_HOLD);
  }
}

/**
 * Lowercase hex SHA-256 of the raw public key: what people compare by eye.
 *
 * @param {string} publicKey base64url
 * @returns {Promise<string>}
 * @throws {Refusal} `bad_signature`: it is not base64url
 */
export async function fingerprint(publicKey) {
  return sha256Hex(fromB64url(publicKey));
}

/**
 * @param {string} purpose
 * @param {string} payload
 */
function message(purpose, payload) {
  if (!PURPOSES.includes(purpose)) throw new RangeError(`unknown purpose ${purpose}`);
  if (typeof payload !== "string" || !isUnicode(payload)) {
    throw new Refusal("bad_signature", "The signed text is not Unicode.");
  }
  return utf8(`trial-sync/1 ${purpose}\n${payload}`);
}

/**
 * Receipt sheets: what the hub signs for having stored, each naming the sheet before it. Twin of
 * the reading half of `sync/receipts.py`.
 */

import { sha256Hex } from "./bytes.js";
import { Refusal } from "./errors.js";
import { check } from "./keys.js";

const NOT_PROVED =
  "What answered could not prove that it is headquarters. Nothing is counted as received; your " +
  "changes stay here. Tell headquarters.";

/**
 * A signed receipt sheet; `hub` is the device that issued it, `hash` that of its payload.
 *
 * @typedef {object} Sheet
 * @property {string} hub
 * @property {string} epoch
 * @property {number} number
 * @property {string} hash
 * @property {string} payload
 * @property {string} signature
 */

/**
 * @typedef {object} Receipt
 * @property {string} hash of the change
 * @property {"stored" | "quarantined"} state
 * @property {string | null} code why it is in quarantine
 * @property {number} hub_seq
 * @property {string} received_at
 */

/**
 * Which device a sheet says that it is from; not proved yet.
 *
 * @param {any} wire
 * @returns {string}
 * @throws {Refusal} `forged_receipt`: it is not a sheet at all
 */
export function issuerOf(wire) {
  try {
    return text(JSON.parse(text(wire.payload)).hub);
  } catch (error) {
    throw forged(NOT_PROVED, error);
  }
}

/**
 * A sheet from an answer and the receipts on it.
 *
 * @param {any} wire
 * @param {string} mission
 * @param {string} publicKey of the device that must have issued it
 * @returns {Promise<{sheet: Sheet, receipts: Receipt[]}>}
 * @throws {Refusal} `forged_receipt`: it is not signed by this mission's hub, or no sheet at all
 */
export async function readSheet(wire, mission, publicKey) {
  try {
    const payload = text(wire.payload);
    const signature = text(wire.signature);
    await check(publicKey, "receipt", payload, signature);
    const document = JSON.parse(payload);
    if (document.mission !== mission) throw forged("The receipt is for another mission.");
    const receipts = document.receipts.map(receipt);
    const sheet = {
      hub: text(document.hub),
      epoch: text(document.epoch),
      number: whole(document.sheet),
      hash: await sha256Hex(payload),
      payload,
      signature,
    };
    return { sheet, receipts };
  } catch (error) {
    if (error instanceof Refusal && error.code !== "bad_signature") throw error;
    if (error instanceof Refusal || error instanceof TypeError || error instanceof SyntaxError) {
      throw forged(NOT_PROVED, error);
    }
    throw error;
  }
}

/**
 * @param {any} entry
 * @returns {Receipt}
 */
function receipt(entry) {
  if (entry.state !== "stored" && entry.state !== "quarantined") {
    throw new TypeError("unknown receipt state");
  }
  return {
    hash: text(entry.hash),
    state: entry.state,
    code: entry.code ?? null,
    hub_seq: whole(entry.hub_seq),
    received_at: text(entry.received_at),
  };
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function text(value) {
  if (typeof value !== "string") throw new TypeError("not a text");
  return value;
}

/**
 * @param {unknown} value
 * @returns {number}
 */
function whole(value) {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new TypeError("no integer");
  return value;
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function forged(message, cause) {
  return new Refusal("forged_receipt", message, { cause });
}

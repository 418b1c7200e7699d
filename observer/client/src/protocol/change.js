/**
 * A change: an immutable, signed set of fields of one record. Reading and making one; twin of
 * `sync/change.py`. No store, no clock: who calls gives the time and the heads.
 */

import { isUnicode, sha256Hex } from "./bytes.js";
import { VERSION, envelopeProblems, isLater } from "./envelope.js";
import { Refusal } from "./errors.js";
import { dump, parse } from "./payload.js";

/** Author of what headquarters says in the place of an erased change. */
export const HEADQUARTERS = "HQ";

/**
 * One change as signed, with its envelope taken apart (see `docs/protocol.md`).
 *
 * @typedef {object} Change
 * @property {string} payload the text that was signed; of an erased one the envelope
 * @property {string} signature base64url
 * @property {string} hash lowercase hex SHA-256 of the payload as it was signed
 * @property {string} mission
 * @property {string} device
 * @property {number} seq
 * @property {string} prev
 * @property {string} author
 * @property {string} kind
 * @property {string} record
 * @property {readonly string[]} parents
 * @property {string} recorded_at
 * @property {Readonly<Record<string, any>>} set own properties only
 * @property {boolean} counts false in quarantine and when erased: keeps its place, gives no value
 * @property {boolean} erased
 * @property {boolean} later written by a later version, which this one can only pass on
 */

/**
 * Who writes: a device of one mission, its author and its key.
 *
 * @typedef {object} Signer
 * @property {string} mission
 * @property {string} device
 * @property {string} author
 * @property {{sign(purpose: string, payload: string): Promise<string>}} key
 */

/**
 * Take a signed payload apart; the signature is not checked here. A change of a later version is
 * read as far as every version goes: it gives no value.
 *
 * @param {string} payload
 * @param {string} signature
 * @param {{hash?: string, counts?: boolean, document?: Record<string, any>}} [known] `counts` is
 *   false for a quarantined or erased change; `document` is the parsed payload, when there is one
 * @returns {Promise<Change>}
 * @throws {Refusal} `too_large`, `bad_payload`: outside the profile; `bad_envelope`: a key is
 *   missing, unknown or of the wrong shape
 */
export async function read(payload, signature, { hash, counts = true, document } = {}) {
  const found = document ?? parse(payload);
  const problems = envelopeProblems(found);
  if (problems.length > 0) throw new Refusal("bad_envelope", problems.join("; "));
  const later = isLater(found);
  return Object.freeze({
    payload,
    signature,
    hash: hash ?? (await sha256Hex(payload)),
    mission: found.mission,
    device: found.device,
    seq: found.seq,
    prev: found.prev,
    author: found.author,
    kind: found.kind,
    record: found.record,
    parents: Object.freeze([...found.parents]),
    recorded_at: found.recorded_at,
    // The values of a later version have a meaning that this one does not know.
    set: later ? {} : found.set,
    counts: counts && !later,
    erased: false,
    later,
  });
}

/**
 * A new signed change.
 *
 * @param {Signer} signer
 * @param {{seq: number, prev: string, kind: string, record: string, parents: Iterable<string>, recordedAt: string, fields: Readonly<Record<string, any>>}} change
 * @returns {Promise<Change>}
 * @throws {Refusal} `too_large`: the fields do not fit into one change, the caller splits them;
 *   `bad_payload`: a value is outside the profile; `bad_envelope`: an argument is not of the
 *   envelope's shape
 */
export async function make(signer, { seq, prev, kind, record, parents, recordedAt, fields }) {
  const payload = dump({
    v: VERSION,
    mission: signer.mission,
    device: signer.device,
    seq,
    prev,
    author: signer.author,
    kind,
    record,
    parents: [...parents].sort(),
    recorded_at: recordedAt,
    set: { ...fields },
  });
  return read(payload, await signer.key.sign("change", payload));
}

/**
 * An erased change: it keeps its place in the graph and gives no value of its own.
 *
 * @param {string} envelope what {@link envelopeOf} left
 * @param {string} signature
 * @param {string} hash of the payload that was erased
 * @param {Readonly<Record<string, any>>} [restated] what headquarters says in its place; it counts,
 *   as headquarters' words
 * @returns {Promise<Change>}
 * @throws {Refusal} `bad_envelope`: not the envelope of a change
 */
export async function readErased(envelope, signature, hash, restated = {}) {
  const isRestated = Object.keys(restated).length > 0;
  const set = isRestated ? { ...restated } : { erased: true };
  const document = { ...kept(envelope), set };
  const change = await read(envelope, signature, { hash, counts: isRestated, document });
  return Object.freeze({
    ...change,
    erased: true,
    author: isRestated ? HEADQUARTERS : change.author,
  });
}

/**
 * What an erasure leaves of a payload: everything but what was set.
 *
 * @param {string} payload
 * @returns {string}
 */
export function envelopeOf(payload) {
  const document = JSON.parse(payload);
  delete document.set;
  return JSON.stringify(document);
}

/**
 * By what an erasure names the envelope and signature that stay of a change.
 *
 * @param {string} envelope
 * @param {string} signature
 * @returns {Promise<string>}
 */
export function keptHash(envelope, signature) {
  return sha256Hex(`${envelope}\n${signature}`);
}

/**
 * The form in which a change travels; of an erased one, only its envelope does.
 *
 * @param {Change} change
 */
export function wire(change) {
  const { payload, hash, signature, erased } = change;
  return erased ? { envelope: payload, hash, signature } : { payload, signature };
}

/** @param {string} envelope */
function kept(envelope) {
  let document;
  try {
    document = JSON.parse(envelope);
  } catch (error) {
    throw noEnvelope(error);
  }
  // Numbers look alike once they are read: 1.0 is no version, and only the text tells.
  if (!isUnicode(envelope) || JSON.stringify(document) !== envelope) throw noEnvelope();
  if (typeof document !== "object" || document === null) throw noEnvelope();
  return document;
}

/** @param {unknown} [cause] */
function noEnvelope(cause) {
  return new Refusal("bad_envelope", "An erased change must keep its envelope.", { cause });
}

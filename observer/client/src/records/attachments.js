/**
 * Files that belong to an observation: taking one in, what became of it, taking it back. Twin of
 * `observer/attachments.py`. Nothing of a file's name is kept. Knows no page.
 */

import { checkedType, checkPhoto } from "../media/limits.js";
import { takenAt } from "../media/jpeg.js";
import { derive } from "../media/photo.js";
import { IMAGE, TYPES } from "../media/types.js";
import { sha256Hex } from "../protocol/bytes.js";
import { Refusal } from "../protocol/errors.js";
import { uuid7 } from "../protocol/ids.js";
import { draftName } from "./drafts.js";

/** @typedef {import("./record.js").RecordHere} RecordHere */
/** @typedef {import("./records.js").Records} Records */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/**
 * What is known of a file on this device, as its row says.
 *
 * @typedef {object} FileRow
 * @property {string} row of its content
 * @property {number} size
 * @property {string} [type]
 * @property {string} [state] `here`, `sending`, `received`, `refused`, or `original`: it never leaves
 * @property {string} [code] of the last error
 * @property {string} [message]
 * @property {number} [offset] bytes that are at headquarters
 * @property {string} [original] SHA-256 of what it was made from, if that stays here
 */
/**
 * @typedef {object} Attachment
 * @property {RecordHere} record
 * @property {string} kind `image`, `audio` or `document`
 * @property {"unsent" | "here" | "sending" | "received" | "refused" | "elsewhere"} state `unsent`: its
 *   record is a draft; `elsewhere`: on another device of the author
 * @property {number} percent of it at headquarters, while it is being sent
 * @property {string} code of the last error
 * @property {string} message
 * @property {boolean} original whether the photo it was made from stays here
 */

const KIND = "attachment";
export const ORIGINAL = "original";
const HERE = "here";

/**
 * The files of an observation that were not taken back, oldest first.
 *
 * @param {Records} records
 * @param {string} observation
 * @returns {Attachment[]}
 */
export function attachments(records, observation) {
  return records
    .all(KIND)
    .filter(({ values }) => values.observation === observation)
    .map((record) => seen(records, record));
}

/**
 * @param {Records} records
 * @param {RecordHere} record
 * @returns {Attachment}
 */
function seen(records, record) {
  const { values } = record;
  const size = Number(values.size ?? 0);
  /** @type {FileRow | undefined} */
  const row = records.rows.get(`file/${values.sha256}`);
  const state = stateOf(record, row);
  return {
    record,
    kind: TYPES.get(String(values.type)) ?? "document",
    state,
    percent: state === "sending" && size ? Math.floor((100 * (row?.offset ?? 0)) / size) : 0,
    code: row?.code ?? "",
    message: row?.message ?? "",
    original: Boolean(values.derived && records.rows.get(`file/${values.original_sha256}`)),
  };
}

/**
 * @param {RecordHere} record
 * @param {FileRow | undefined} row
 * @returns {Attachment["state"]}
 */
function stateOf(record, row) {
  if (!row) return "elsewhere";
  if (row.state === "received" || row.state === "refused") return row.state;
  if (record.sent.heads.length === 0) return "unsent";
  return row.state === "sending" ? "sending" : "here";
}

/**
 * How many files of one's own wait, and how many were refused.
 * @param {Records} records
 */
export function filesWaiting(records) {
  const { author } = records.profile ?? {};
  const mine = records.all(KIND).filter(({ sent }) => Object.values(sent.origins).every((origin) => origin.author === author));
  const states = mine.map((record) => seen(records, record));
  const refused = states.filter(({ state }) => state === "refused");
  return { waiting: states.filter(({ state }) => ["unsent", "here", "sending"].includes(state)).length, refused };
}

/**
 * Take in a file, and draft its record, in one transaction.
 *
 * @param {Records} records
 * @param {Blob} file its type is read off its content
 * @param {{observation: string, entry?: string, keepOriginal?: boolean}} to `entry`: the log entry it was
 *   added to; `keepOriginal`: what the photo is made from stays here too
 * @returns {Promise<string>} the id of its record
 * @throws {Refusal} `wrong_blob_type`, `blob_too_large`, `too_many_pixels`, `storage_full`
 */
export async function addFile(records, file, { observation, entry, keepOriginal = false }) {
  if (records.readOnly) throw new Refusal("read_only", "Another window of this program writes.");
  // Another observer's cannot be added to.
  records.edit("observation", observation, {});
  const given = await bytesOf(file);
  const type = checkedType(given);
  const taken = TYPES.get(type) === IMAGE ? await photo(given, type) : await asItIs(given, type);
  const keep = keepOriginal && taken.fields.derived;
  if (keep) await records.rows.putFile(taken.fields.original_sha256, given, { type, state: ORIGINAL });
  const fields = {
    practice: records.profile?.practice ?? null,
    observation,
    ...taken.fields,
    ...(entry ? { entry } : {}),
    added_at: records.now(),
  };
  const facts = { type: taken.fields.type, state: HERE, offset: 0, ...(keep ? { original: taken.fields.original_sha256 } : {}) };
  const id = uuid7();
  await records.rows.putFile(taken.fields.sha256, taken.bytes, facts, draftsOf(id, fields, records.now()));
  for (const path of Object.keys(fields)) records.drafts.look(id, path);
  // Nothing changes any more; who listens is told.
  records.edit(KIND, id, {});
  return id;
}

/**
 * @param {string} id
 * @param {Record<string, any>} fields
 * @param {string} at
 * @returns {[string, any][]}
 */
function draftsOf(id, fields, at) {
  const given = Object.entries(fields).filter(([, value]) => value !== null);
  return given.map(([path, value]) => [draftName(id, path), { kind: KIND, value, heads: [], at }]);
}

/**
 * @param {Blob} file
 * @returns {Promise<Bytes>}
 */
async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new Refusal("wrong_blob_type", "The file cannot be read.", { cause });
  }
}

/**
 * @param {Bytes} given
 * @param {string} type
 */
async function photo(given, type) {
  checkPhoto(given, type);
  const bytes = await derive(new Blob([given], { type }));
  const taken = type === "image/jpeg" ? takenAt(given) : null;
  const fields = {
    sha256: await sha256Hex(bytes),
    size: bytes.length,
    type: "image/jpeg",
    derived: true,
    original_sha256: await sha256Hex(given),
    original_size: given.length,
    ...(taken ? { taken_at: taken } : {}),
  };
  return { bytes, fields };
}

/**
 * @param {Bytes} bytes
 * @param {string} type
 */
async function asItIs(bytes, type) {
  const sha256 = await sha256Hex(bytes);
  const size = bytes.length;
  return { bytes, fields: { sha256, size, type, derived: false, original_sha256: sha256, original_size: size } };
}

/**
 * Take a file back: what was not sent leaves nothing, what was sent is withdrawn.
 *
 * @param {Records} records
 * @param {string} id of its record
 */
export async function takeBack(records, id) {
  const record = records.get(id, KIND);
  if (record.sent.heads.length > 0) {
    records.edit(KIND, id, { withdrawn: { reason: "taken back", at: records.now() } });
    return;
  }
  const { sha256, original_sha256: original } = record.values;
  records.edit(KIND, id, Object.fromEntries(Object.keys(record.drafts).map((path) => [path, null])));
  // The record first: a record without its file would promise what is not there.
  await records.saver.flush();
  await dropUnnamed(records, [String(sha256), String(original)]);
}

/**
 * Drop the originals that stayed here of photos that headquarters has received.
 *
 * @param {Records} records
 * @returns {Promise<number>} how many
 */
export async function dropOriginals(records) {
  const done = records.all(KIND).map((record) => seen(records, record));
  const gone = done.filter(({ state, original }) => original && state === "received");
  for (const { record } of gone) await dropRow(records, String(record.values.original_sha256));
  return gone.length;
}

/**
 * @param {Records} records
 * @param {string[]} hashes
 */
async function dropUnnamed(records, hashes) {
  const named = new Set(records.all(KIND).flatMap(({ values }) => [values.sha256, values.original_sha256]));
  for (const sha256 of new Set(hashes)) if (!named.has(sha256)) await dropRow(records, sha256);
}

/**
 * @param {Records} records
 * @param {string} sha256
 */
async function dropRow(records, sha256) {
  const row = records.rows.get(`file/${sha256}`)?.row;
  if (row) await records.rows.dropFile(row);
}

/**
 * Fields that people wrote without knowing of each other, and what a person keeps of them. Twin of
 * `observer/conflicts.py`; knows no page.
 */

import { Refusal } from "../protocol/errors.js";
import { instant } from "../protocol/clock.js";

/** @typedef {import("../records/records.js").Records} Records */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */
/** @typedef {import("../protocol/fold.js").Version} Version */
/**
 * A field with differing versions, the shown one first.
 *
 * @typedef {object} Conflict
 * @property {RecordHere} record
 * @property {string} path
 * @property {Version[]} versions
 * @property {boolean} settled a draft that was written after all of the versions were here stands
 *   over them; it ends the conflict when it is sent
 */

const KINDS = ["case", "person", "hearing", "observation"];

/**
 * The fields of a record that are in conflict, by path.
 *
 * @param {Records} records
 * @param {RecordHere} record
 * @returns {Conflict[]}
 */
export function conflictsOf(records, record) {
  return Object.keys(record.sent.conflicts)
    .sort()
    .map((path) => {
      const versions = record.sent.conflicts[path] ?? [];
      return { record, path, versions, settled: isSettled(records, record.written[path], versions) };
    });
}

/**
 * Whether who wrote the draft could have seen all versions; an older one chose nothing.
 *
 * @param {Records} records
 * @param {string | undefined} written
 * @param {Version[]} versions
 */
function isSettled(records, written, versions) {
  if (written === undefined) return false;
  const came = versions.map(({ hash }) => records.rows.get(`change/${hash}`)).filter(Boolean);
  return came.every(({ at }) => instant(at) <= instant(written));
}

/**
 * The conflicts in the records that one may settle, settled ones included.
 *
 * @param {Records} records
 */
export function allConflicts(records) {
  return KINDS.flatMap((kind) => records.all(kind)).flatMap((record) => conflictsOf(records, record));
}

/**
 * Draft a version's value as the field's, exactly as it stands.
 *
 * @param {Records} records
 * @param {string} id of the record
 * @param {string} path
 * @param {string} hash of the change that the version stands in
 * @throws {Refusal} `settled`: the field has no such version in conflict any more
 */
export function keep(records, id, path, hash) {
  const record = records.get(id);
  const version = record.sent.conflicts[path]?.find((each) => each.hash === hash);
  if (!version) throw new Refusal("settled", "Somebody settled this meanwhile.");
  records.edit(record.kind, id, { [path]: version.value });
}

/**
 * Whether a version is the one that was kept.
 *
 * @param {Conflict} conflict
 * @param {Version} version
 */
export function isKept({ record, path, settled }, version) {
  return settled && JSON.stringify(record.drafts[path] ?? null) === JSON.stringify(version.value ?? null);
}

/**
 * The cut: the unsent fields of a record become one signed change (or a few, when large). Twin of
 * `sync/cut.py`.
 *
 * Sign first; then one transaction compares the stored head with `prev`, adds the changes, moves the
 * head and drops the drafts that went. Two tabs cannot fork a chain: the slower one finds another
 * head, reads the store again and cuts what is still unsent.
 */

import { fromB64url } from "../protocol/bytes.js";
import { make } from "../protocol/change.js";
import { Refusal } from "../protocol/errors.js";
import { isSameValue } from "../protocol/fold.js";
import { DeviceKey } from "../protocol/keys.js";
import { HEAD } from "../store/rows.js";
import { draftName } from "./drafts.js";
import { CHANGE } from "./shelf.js";

/** @typedef {import("../protocol/change.js").Change} Change */
/** @typedef {import("../protocol/change.js").Signer} Signer */
/** @typedef {import("./records.js").Records} Records */
/** @typedef {import("./record.js").RecordHere} RecordHere */
/** @typedef {{seq: number, hash: string, device?: string}} Head */
/**
 * Unsent fields of one record that were written when the same of it was here.
 *
 * @typedef {{kind: string, record: string, fields: [string, any][], parents: readonly string[]}} Part
 */

const ROUNDS = 5;

/**
 * Cut the unsent fields of these records into signed changes; any records can go alone.
 *
 * @param {Records} records
 * @param {Iterable<string>} ids
 * @returns {Promise<Change[]>} the new changes, once they are on disk
 * @throws {Refusal} nothing was cut, the drafts are as they were: `too_large`: one field alone is
 *   over the limit of a change; `bad_payload`; `moved`: other tabs cut again and again; `read_only`;
 *   `storage_full`, `storage_lost`
 */
export function send(records, ids) {
  const wanted = [...new Set(ids)];
  return records.cutting.during(wanted, () => cut(records, wanted));
}

/**
 * Submit: the observation, everything it hangs on, and what is attached to it.
 *
 * @param {Records} records
 * @param {string} observation
 * @returns {Promise<Change[]>}
 * @throws {Refusal} as {@link send}; `no_such_record`, `not_yours`
 */
export function sendSitting(records, observation) {
  records.sitting(observation);
  records.edit("observation", observation, { submitted_at: records.now() });
  const files = records
    .unsent()
    .filter(({ kind, values }) => kind === "attachment" && values.observation === observation)
    .map(({ id }) => id);
  return send(records, [...around(records, observation), ...files]);
}

/**
 * What cannot wait: these records as they are, with what they hang on, and nothing submitted.
 *
 * @param {Records} records
 * @param {Iterable<string>} ids
 * @returns {Promise<Change[]>}
 * @throws {Refusal} as {@link send}; `no_such_record`
 */
export function sendUrgent(records, ids) {
  return send(records, [...ids].flatMap((id) => around(records, id)));
}

/**
 * A record's id after those of the records that it hangs on.
 *
 * @param {Records} records
 * @param {string} id
 * @returns {string[]}
 */
function around(records, id) {
  const record = records.get(id);
  if (record.kind === "observation") {
    const { case: trial, people, hearing } = records.sitting(id);
    return [trial.id, ...people.map((person) => person.id), hearing.id, id];
  }
  const above = record.values.observation ?? record.values.case;
  return typeof above === "string" && records.find(above) ? [...around(records, above), id] : [id];
}

/**
 * @param {Records} records
 * @param {string[]} ids
 * @returns {Promise<import("./cutting.js").Done<Change[]>>}
 */
async function cut(records, ids) {
  if (records.readOnly) throw new Refusal("read_only", "Another window of this program writes.");
  for (let round = 1; ; round++) {
    // On disk first: then the transaction finds there what it is to drop.
    await records.saver.flush();
    const parts = ids.flatMap((id) => partsOf(records.find(id)));
    if (parts.length === 0) return { result: [], latest: new Map(), gone: [] };
    const signer = await signerOf(records);
    const stored = /** @type {Head} */ (records.rows.get(HEAD));
    const changes = await sign(records, signer, parts, headOf(stored, signer.device));
    try {
      return await keep(records, parts, changes, stored);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "moved" || round === ROUNDS) throw error;
      await records.rows.refresh();
      await records.reload();
    }
  }
}

/**
 * The unsent fields, apart by what the author had seen of the record when writing them. In the order
 * of writing, whatever the clock said: each change descends from the one before.
 *
 * @param {RecordHere | null} record
 * @returns {Part[]}
 */
function partsOf(record) {
  if (!record) return [];
  const { id, kind, dirty, seen } = record;
  /** @type {Map<string, Part>} */
  const parts = new Map();
  for (const [path, heads] of seen) {
    if (!(path in dirty)) continue;
    const key = heads.join(" ");
    const part = parts.get(key) ?? { kind, record: id, fields: [], parents: heads };
    part.fields.push([path, dirty[path]]);
    parts.set(key, part);
  }
  return [...parts.values()];
}

/**
 * @param {Records} records
 * @param {Signer} signer
 * @param {Part[]} parts
 * @param {Head} head
 */
async function sign(records, signer, parts, head) {
  /** @type {Change[]} */
  const changes = [];
  /** @type {Map<string, string>} */
  const latest = new Map();
  let { seq, hash } = head;
  for (const { kind, record, fields, parents } of parts) {
    const before = latest.get(record);
    let above = before ? [...parents, before] : parents;
    const waiting = [fields];
    for (let some = waiting.shift(); some; some = waiting.shift()) {
      const change = await makeOne(signer, some, {
        ...{ seq: seq + 1, prev: hash, kind, record },
        ...{ parents: new Set(above), recordedAt: records.now() },
      });
      if (change === null) {
        waiting.unshift(some.slice(0, some.length >> 1), some.slice(some.length >> 1));
        continue;
      }
      ({ seq, hash } = change);
      above = [hash];
      latest.set(record, hash);
      changes.push(change);
    }
  }
  return changes;
}

/**
 * @param {Signer} signer
 * @param {[string, any][]} fields
 * @param {{seq: number, prev: string, kind: string, record: string, parents: Iterable<string>, recordedAt: string}} envelope
 * @returns {Promise<Change | null>} `null`: too large, and it can be split
 */
async function makeOne(signer, fields, envelope) {
  try {
    return await make(signer, { ...envelope, fields: Object.fromEntries(fields) });
  } catch (error) {
    if (error instanceof Refusal && error.code === "too_large" && fields.length > 1) return null;
    throw error;
  }
}

/**
 * @param {Records} records
 * @param {Part[]} parts
 * @param {Change[]} changes
 * @param {Head} stored the head that they were signed on
 */
async function keep(records, parts, changes, stored) {
  const { rows } = records;
  const { device, seq, hash } = changes[changes.length - 1];
  const sent = parts.flatMap(({ record, fields }) =>
    fields.map(([path, value]) => ({ record, path, value, name: draftName(record, path) })),
  );
  await records.keepPulled({
    put: [...changes.map(asRow(records.now())), [HEAD, { device, seq, hash }]],
    // Not those that were written again meanwhile.
    drop: () =>
      sent
        .filter(({ name, value }) => rows.get(name) !== undefined && isSameValue(rows.get(name).value, value))
        .map(({ name }) => name),
    expect: { name: HEAD, value: stored },
  });
  return {
    result: changes,
    latest: new Map(changes.map((change) => [change.record, change.hash])),
    gone: sent.map(({ record, path }) => /** @type {[string, string]} */ ([record, path])),
  };
}

/**
 * @param {string} at
 * @returns {(change: Change) => [string, import("./shelf.js").ChangeRow]}
 */
function asRow(at) {
  return ({ hash, payload, signature }) => [
    CHANGE + hash,
    { payload, signature, state: "stored", code: null, at, own: true, held: false },
  ];
}

/**
 * The end of this device's chain. A device that this one was before had another.
 *
 * @param {Head} head as stored
 * @param {string} device
 * @returns {Head}
 */
function headOf(head, device) {
  return head.device && head.device !== device ? { seq: 0, hash: "" } : head;
}

/**
 * What signs here; read anew, since after a fork the device may have become another one.
 *
 * @param {Records} records
 * @returns {Promise<Signer>}
 */
async function signerOf({ rows, profile }) {
  if (!profile) throw new Refusal("not_set_up", "There is no mission on this device yet.");
  const { mission, device, author } = profile;
  return { mission, device, author, key: await DeviceKey.load(fromB64url(rows.get("meta/key"))) };
}

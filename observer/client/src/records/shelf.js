/** The changes that are here, by record, each record folded when it is first asked for. */

import { read, readErased } from "../protocol/change.js";
import { RecordFold } from "../protocol/fold.js";
import { instant } from "../protocol/clock.js";

/** @typedef {import("../protocol/change.js").Change} Change */
/**
 * A change as it lies in the store: whole, or of an erased one what stays.
 *
 * @typedef {object} ChangeRow
 * @property {string} [payload]
 * @property {string} [envelope] instead of the payload of an erased one
 * @property {Record<string, any>} [restated] what headquarters says in an erased one's place
 * @property {string} signature
 * @property {"stored" | "quarantined"} state a quarantined change gives no value
 * @property {string | null} [code] why it is in quarantine
 * @property {string} at when it came here (this device's clock)
 * @property {boolean} own whether this device's author wrote it
 * @property {boolean} [held] headquarters is known to hold it
 */
/** @typedef {{change: Change, row: ChangeRow, author: string}} Held */
/**
 * What the changes of a record tell of it as a whole.
 *
 * @typedef {object} Facts
 * @property {string} kind
 * @property {boolean} isListed whether it is a record at all: what is only in quarantine made none,
 *   but one's own stays listed
 * @property {string | undefined} creator author of its first change; `undefined` while that is not here
 */
/** @typedef {{changes: Map<string, Held>, fold: RecordFold | null, facts: Facts | null}} Folder */

/** Records that several people write; who wrote a change without parents made the record. */
const SHARED_KINDS = new Set(["case", "person", "hearing"]);
/** The beginning of the name of a change's row. */
export const CHANGE = "change/";

export class Shelf {
  /** @type {Map<string, Folder>} */
  #folders = new Map();
  /** @type {Map<string, string>} record by hash */
  #record = new Map();
  /** @type {Set<string>} */
  #unread = new Set();

  /** How many changes could not be read. They stay in the store. */
  get unread() {
    return this.#unread.size;
  }

  /** The ids of all records with changes. */
  records() {
    return [...this.#folders.keys()];
  }

  /**
   * Take in a change, take its new state over, or let it go.
   *
   * @param {string} hash
   * @param {ChangeRow | undefined} row as it is in the store; `undefined`: it is gone
   * @returns {Promise<string | undefined>} the record that it belongs to
   */
  async take(hash, row) {
    const known = this.#record.get(hash);
    const here = known && this.#folders.get(known)?.changes.get(hash);
    if (here && row && saysTheSame(here.row, row)) {
      here.row = row;
      return known;
    }
    const held = row && (await this.#read(hash, row));
    const before = this.#record.get(hash);
    if (before !== undefined) this.#lose(hash, before);
    if (!held) return before;
    const { record } = held.change;
    this.#record.set(hash, record);
    const folder = this.#folders.get(record) ?? { changes: new Map(), fold: null, facts: null };
    this.#folders.set(record, folder);
    folder.changes.set(hash, held);
    folder.fold?.add(held.change);
    folder.facts = null;
    return record;
  }

  /**
   * The record's changes.
   *
   * @param {string} record
   * @returns {Change[]}
   */
  changesOf(record) {
    return [...(this.#folders.get(record)?.changes.values() ?? [])].map(({ change }) => change);
  }

  /**
   * What the changes of a record say together.
   *
   * @param {string} record
   * @returns {import("../protocol/fold.js").Folded}
   */
  sent(record) {
    const folder = this.#folders.get(record);
    if (!folder) return new RecordFold().result;
    folder.fold ??= new RecordFold(this.changesOf(record));
    return folder.fold.result;
  }

  /**
   * What a record is as a whole; `undefined` if nothing of it is here.
   *
   * @param {string} record
   * @returns {Facts | undefined}
   */
  facts(record) {
    const folder = this.#folders.get(record);
    if (folder) folder.facts ??= factsOf([...folder.changes.values()]);
    return folder?.facts ?? undefined;
  }

  /**
   * @param {string} hash
   * @param {ChangeRow} row
   * @returns {Promise<Held | null>}
   */
  async #read(hash, row) {
    const stored = row.state === "stored";
    this.#unread.delete(hash);
    try {
      const document = JSON.parse(row.payload ?? row.envelope ?? "");
      const change =
        row.payload === undefined
          ? await readErased(row.envelope ?? "", row.signature, hash, stored ? row.restated : {})
          : await read(row.payload, row.signature, { hash, counts: stored, document });
      // An erased change may speak with headquarters' words; who made the record stays.
      return { change, row, author: document.author };
    } catch {
      this.#unread.add(hash);
      return null;
    }
  }

  /**
   * @param {string} hash
   * @param {string} record
   */
  #lose(hash, record) {
    this.#record.delete(hash);
    const folder = this.#folders.get(record);
    if (!folder) return;
    folder.changes.delete(hash);
    folder.fold = null;
    folder.facts = null;
    if (folder.changes.size === 0) this.#folders.delete(record);
  }
}

/**
 * @param {Held[]} held the changes of one record, at least one
 * @returns {Facts}
 */
function factsOf(held) {
  const taken = held.filter(({ row }) => row.state === "stored" || row.own);
  const [first] = taken
    .filter(({ change }) => !SHARED_KINDS.has(change.kind) || change.parents.length === 0)
    .sort((one, two) => instant(one.row.at) - instant(two.row.at) || one.change.seq - two.change.seq);
  const known = held.find(({ row }) => row.state === "stored") ?? held[0];
  return { kind: known.change.kind, isListed: taken.length > 0, creator: first?.author };
}

/**
 * Whether a row differs from what it was at most in how far the change has come.
 *
 * @param {ChangeRow} one
 * @param {ChangeRow} other
 */
function saysTheSame(one, other) {
  const { payload, envelope, restated, state, own } = one;
  return (
    payload === other.payload &&
    envelope === other.envelope &&
    state === other.state &&
    own === other.own &&
    JSON.stringify(restated) === JSON.stringify(other.restated)
  );
}

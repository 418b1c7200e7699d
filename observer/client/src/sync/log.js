/**
 * The changes on this device as the protocol looks at them: by device, by number, by record, and
 * what is read off them (devices, erasures). Rows are the truth; this is an index over them.
 *
 * What is set waits until {@link Log.transaction} ends, and is then written whole or not at all.
 * Judges nothing. Twin of `sync/log/`, as far as a device needs it.
 */

import { envelopeOf } from "../protocol/change.js";
import { HUB, Registry } from "./registry.js";
import { Waiting } from "./waiting.js";

/** @typedef {import("../protocol/change.js").Change} Change */
/** @typedef {import("../store/rows.js").Rows} Rows */
/**
 * A row of a change. Of an erased one `envelope` stays instead of `payload`.
 *
 * @typedef {object} ChangeRow
 * @property {string} [payload]
 * @property {string} [envelope]
 * @property {string} signature
 * @property {"stored" | "quarantined"} state
 * @property {Record<string, any>} [restated] what headquarters says in an erased one's place
 * @property {string | null} [code] why it is in quarantine
 * @property {string} at when it came here (this device's clock)
 * @property {boolean} own whether this device's author wrote it
 * @property {boolean} [held] headquarters is known to hold it
 */
/**
 * @typedef {object} Entry
 * @property {string} hash
 * @property {string} device
 * @property {number} seq
 * @property {string} prev
 * @property {string} author
 * @property {string} kind
 * @property {string} record
 * @property {string[]} parents
 * @property {string} recorded_at
 * @property {ChangeRow} row
 */

const CHANGE = "change/";

export class Log {
  #waiting;
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Map<string, Map<number, string>>} */
  #chains = new Map();
  /** @type {Map<string, Set<string>>} */
  #records = new Map();

  /**
   * @param {Rows} rows
   * @param {(writing: import("../store/rows.js").Writing) => Promise<void>} [write] one transaction
   */
  constructor(rows, write = (writing) => rows.write(writing)) {
    this.rows = rows;
    this.write = write;
    this.#waiting = new Waiting(rows);
    this.registry = new Registry(this);
    this.refresh();
  }

  // -- rows ---------------------------------------------------------------------------

  /**
   * The value of a row, with what waits to be written.
   * @param {string} name
   * @returns {any}
   */
  get(name) {
    return this.#waiting.get(name);
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.#waiting.set(name, value);
  }

  /** @param {string} name */
  remove(name) {
    this.#waiting.remove(name);
  }

  /** @param {string} name */
  meta(name) {
    return this.get(`meta/${name}`);
  }

  /** @param {Record<string, any>} values */
  setMeta(values) {
    for (const [name, value] of Object.entries(values)) this.set(`meta/${name}`, value);
  }

  /**
   * What is set inside is written in one transaction at its end; after an error nothing of it is.
   *
   * @template T
   * @param {() => Promise<T> | T} work
   * @returns {Promise<T>}
   */
  async transaction(work) {
    try {
      this.refresh();
      const result = await work();
      this.registry.erase();
      const { isEmpty, put, gone } = this.#waiting;
      if (!isEmpty) await this.write({ put, drop: [...gone] });
      return result;
    } catch (error) {
      this.#forgetAll();
      throw error;
    } finally {
      this.#waiting.clear();
      this.refresh();
    }
  }

  #forgetAll() {
    this.#entries.clear();
    this.#chains.clear();
    this.#records.clear();
    this.registry.clear();
  }

  /** Take in what others wrote to the rows meanwhile, as the cut does. */
  refresh() {
    const here = this.rows.entries(CHANGE);
    for (const [name, row] of here) {
      const hash = name.slice(CHANGE.length);
      if (this.#waiting.has(name)) continue;
      const entry = this.#entries.get(hash);
      if (entry === undefined) this.#index(hash, row);
      else if (entry.row !== row) entry.row = row;
    }
    // Those that are new were taken in above, so more than there are means that some are gone.
    if (this.#entries.size > here.length) {
      for (const hash of [...this.#entries.keys()]) if (!this.get(CHANGE + hash)) this.#lift(hash);
    }
  }

  /** @param {string} hash @param {ChangeRow} row */
  #index(hash, row) {
    const { set, ...said } = JSON.parse(row.payload ?? row.envelope ?? "");
    const { device, seq, prev, author, kind, record, parents, recorded_at } = said;
    /** @type {Entry} */
    const entry = { hash, device, seq, prev, author, kind, record, parents, recorded_at, row };
    this.#entries.set(hash, entry);
    within(this.#chains, device, () => new Map()).set(seq, hash);
    within(this.#records, record, () => new Set()).add(hash);
    this.registry.take(entry, set);
  }

  /** @param {string} hash */
  #lift(hash) {
    const entry = this.#entries.get(hash);
    if (!entry) return;
    this.#entries.delete(hash);
    if (this.#chains.get(entry.device)?.get(entry.seq) === hash) this.#chains.get(entry.device)?.delete(entry.seq);
    this.#records.get(entry.record)?.delete(hash);
  }

  // -- reading ------------------------------------------------------------------------

  /** @param {string} hash */
  entry(hash) {
    return this.#entries.get(hash);
  }

  /** All changes, in the order they came here. */
  entries() {
    return [...this.#entries.values()];
  }

  /**
   * The changes of a record.
   * @param {string} record
   * @returns {Entry[]}
   */
  ofRecord(record) {
    return [...(this.#records.get(record) ?? [])].map((hash) => /** @type {Entry} */ (this.#entries.get(hash)));
  }

  /**
   * A device's changes by number.
   * @param {string} device
   * @returns {Entry[]}
   */
  ofDevice(device) {
    const chain = [...(this.#chains.get(device) ?? [])].sort(([a], [b]) => a - b);
    return chain.map(([, hash]) => /** @type {Entry} */ (this.#entries.get(hash)));
  }

  /**
   * The hash of a device's change of this number; `""` if it is not here.
   * @param {string} device
   * @param {number} seq
   */
  hashAt(device, seq) {
    return this.#chains.get(device)?.get(seq) ?? "";
  }

  /** @param {string} hash */
  holds(hash) {
    return this.#entries.get(hash)?.row.held === true;
  }

  /** @param {string} device */
  device(device) {
    return this.registry.devices.get(device);
  }

  /** Every headquarters that was ever known here, the present one last adopted. */
  hubs() {
    return [...this.registry.devices.values()].filter(({ role }) => role === HUB);
  }

  /**
   * Take a headquarters for the present one; its key was proved another way.
   * @param {string} device
   * @param {string} publicKey
   */
  trustHub(device, publicKey) {
    const hubs = (this.meta("hubs") ?? []).filter((/** @type {any} */ hub) => hub.device !== device);
    this.setMeta({ hubs: [...hubs, { device, public_key: publicKey }], hub_device: device, hub_key: publicKey });
    this.registry.pin(device, publicKey);
  }

  // -- writing; inside a transaction --------------------------------------------------

  /**
   * Add a judged change.
   *
   * @param {Change} change
   * @param {{code?: string | null, at: string, held?: boolean}} how
   */
  append(change, { code = null, at, held = false }) {
    const { signature, hash } = change;
    const erased = this.registry.erased.get(hash);
    const text =
      erased || change.erased
        ? { envelope: change.erased ? change.payload : envelopeOf(change.payload), restated: erased?.restated }
        : { payload: change.payload };
    const own = change.author === this.meta("profile")?.author;
    /** @type {ChangeRow} */
    const row = { ...text, signature, state: code ? "quarantined" : "stored", code, at, own, held };
    this.set(CHANGE + hash, row);
    this.#index(hash, row);
  }

  /**
   * Change what the row of a change says.
   * @param {string} hash
   * @param {Partial<ChangeRow>} values
   */
  alter(hash, values) {
    const entry = this.#entries.get(hash);
    if (!entry) return;
    const pairs = Object.entries(values);
    if (pairs.every(([name, value]) => /** @type {any} */ (entry.row)[name] === value)) return;
    const judged = "state" in values && values.state !== entry.row.state;
    entry.row = { ...entry.row, ...values };
    this.set(CHANGE + hash, entry.row);
    if (judged) this.registry.take(entry, entry.row.payload ? JSON.parse(entry.row.payload).set : undefined);
  }

  /** @param {string} hash */
  drop(hash) {
    this.remove(CHANGE + hash);
    this.#lift(hash);
  }

  /**
   * Drop what others wrote of a record that is out of sight now. What this device's author wrote
   * stays: it may not have arrived yet, and it is their own.
   * @param {string} record
   * @returns {boolean} whether there was something to drop
   */
  forget(record) {
    const { author } = this.meta("profile");
    const theirs = this.ofRecord(record).filter((entry) => entry.row.held && entry.author !== author);
    for (const entry of theirs) this.drop(entry.hash);
    return theirs.length > 0;
  }

  /**
   * Keep the second of two changes with one number, or one that headquarters will never take.
   * @param {{hash: string, device: string, seq: number, payload: string, signature: string}} change
   * @param {string} at
   */
  putAside({ hash, device, seq, payload, signature }, at) {
    const text = this.registry.erased.has(hash) ? "" : payload;
    if (!this.get(`fork/${hash}`)) this.set(`fork/${hash}`, { device, seq, payload: text, signature, at });
  }
}

/**
 * @template K, V
 * @param {Map<K, V>} map
 * @param {K} key
 * @param {() => V} make
 * @returns {V}
 */
function within(map, key, make) {
  const here = map.get(key);
  if (here !== undefined) return here;
  const made = make();
  map.set(key, made);
  return made;
}

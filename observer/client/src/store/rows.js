/**
 * The local store: named rows, sealed on disk, open in memory.
 *
 * A key on disk is random and says nothing; the name is sealed with the value. Memory changes only
 * after the transaction is complete, so what is read here is on disk.
 */

import { b64url, fromUtf8, utf8 } from "../protocol/bytes.js";
import { Refusal } from "../protocol/errors.js";
import { Connection } from "./connection.js";
import { bringUp, FORMAT_ROW, STEPS } from "./formats.js";
import { Held } from "./held.js";

/** @typedef {import("./vault.js").Vault} Vault */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/**
 * One transaction.
 *
 * @typedef {object} Writing
 * @property {Iterable<[string, any]>} [put] names with their values (JSON); a Map will do
 * @property {Iterable<string> | (() => Iterable<string>)} [drop] names; a function is asked when
 *   the writes before this one are on disk
 * @property {{name: string, value: any}} [expect] the write happens only if this `meta/` row has this value, in memory and on disk
 */

/** The head of this device's chain; it is there from the first moment on, so that it can be compared. */
export const HEAD = "meta/head";
const ROW = "r";
const FILE = "b";

export class Rows {
  #connection;
  #vault;
  #held = new Held();
  /** Keys of new rows whose write failed: it may have reached the disk all the same. @type {Map<string, string>} */
  #tried = new Map();
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();

  /**
   * @param {Connection} connection
   * @param {Vault} vault
   */
  constructor(connection, vault) {
    this.#connection = connection;
    this.#vault = vault;
  }

  /**
   * Open the store, made new only where there is nothing at all.
   *
   * @param {{name?: string, vault: Vault, factory?: IDBFactory, steps?: readonly import("./formats.js").Step[], patience?: number}} options
   *   `patience`: milliseconds after which a silent database counts as lost
   * @throws {Refusal} `store_newer`; `store_damaged`: there is a store, and this vault cannot open it;
   *   `storage_full`, `storage_lost`
   */
  static async open({ name = "store", vault, factory = indexedDB, steps = STEPS, patience }) {
    const rows = new Rows(new Connection(name, factory, patience), vault);
    try {
      await rows.#begin(steps.length + 1);
      await bringUp(rows, steps);
    } catch (error) {
      rows.close();
      throw error;
    }
    return rows;
  }

  /** How many rows this vault could not open. They stay where they are. */
  get unreadable() {
    return this.#held.unreadable;
  }

  /**
   * The value of a row, `undefined` if there is none. It is the store's own: not to be changed.
   * @param {string} name
   * @returns {any}
   */
  get(name) {
    return this.#held.values.get(name);
  }

  /**
   * The names that begin so.
   * @param {string} prefix
   */
  names(prefix) {
    return [...this.#held.values.keys()].filter((name) => name.startsWith(prefix));
  }

  /**
   * Names and values of the rows whose names begin so.
   * @param {string} prefix
   */
  entries(prefix) {
    return [...this.#held.values].filter(([name]) => name.startsWith(prefix));
  }

  /**
   * Write in one strict transaction: all of it or nothing.
   *
   * @param {Writing} writing
   * @returns {Promise<void>} when it is on disk
   * @throws {Refusal} `moved`: the expected row has another value, written by another tab perhaps;
   *   `storage_full`, `storage_lost`, `store_newer`
   */
  write(writing) {
    return this.#inTurn(() => this.#write(writing));
  }

  /**
   * Read everything again, after another tab wrote.
   * @returns {Promise<void>}
   */
  refresh() {
    return this.#inTurn(() => this.#read());
  }

  /**
   * Keep a file's content, together with the row `file/<sha256>` that names it.
   *
   * @param {string} sha256 of the content, lowercase hex
   * @param {Blob | Bytes} content
   * @param {Record<string, unknown>} [facts] more of what that row says
   * @param {[string, any][]} [put] rows that go along in the same transaction
   * @returns {Promise<string>} the row of the content, for {@link file}
   */
  putFile(sha256, content, facts = {}, put = []) {
    return this.#inTurn(async () => {
      const name = `file/${sha256}`;
      const here = this.get(name)?.row;
      if (here) {
        if (put.length) await this.#write({ put });
        return here;
      }
      const bytes = content instanceof Uint8Array ? content : new Uint8Array(await content.arrayBuffer());
      const row = this.#tried.get(sha256) ?? freshKey(FILE);
      this.#tried.set(sha256, row);
      const sealed = await this.#vault.seal(bytes);
      await this.#write({ put: [[name, { ...facts, row, size: bytes.length }], ...put] }, { keep: [[row, sealed]] });
      this.#tried.delete(sha256);
      return row;
    });
  }

  /**
   * A file's content.
   *
   * @param {string} row as {@link putFile} gave it
   * @returns {Promise<Bytes>}
   * @throws {Refusal} `no_such_file`: it is not here; or it cannot be opened, and stays
   */
  async file(row) {
    const sealed = await this.#connection.run("readonly", (store) => {
      const request = store.get(row);
      return { result: () => /** @type {Bytes | undefined} */ (request.result) };
    });
    if (!sealed) throw new Refusal("no_such_file", "This file is not on this device.");
    try {
      return await this.#vault.open(sealed);
    } catch (cause) {
      throw new Refusal("no_such_file", "This file cannot be opened on this device.", { cause });
    }
  }

  /**
   * Drop a file's content and the row that names it.
   * @param {string} row
   * @returns {Promise<void>}
   */
  dropFile(row) {
    return this.#inTurn(() => {
      const named = this.entries("file/").filter(([, value]) => value?.row === row);
      return this.#write({ drop: named.map(([name]) => name) }, { lose: [row] });
    });
  }

  /** Close the store; nothing is written any more. */
  close() {
    this.#connection.close();
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** @param {number} format */
  async #begin(format) {
    // Another tab may begin at this moment, so that there is nothing is seen inside the transaction.
    const first = await Promise.all([
      this.#seal(HEAD, { seq: 0, hash: "" }),
      this.#seal(FORMAT_ROW, format),
    ]);
    const keys = first.map(() => freshKey(ROW));
    await this.#connection.run("readwrite", (store) => {
      const count = store.count();
      count.onsuccess = () => {
        if (count.result === 0) first.forEach((sealed, at) => store.put(sealed, keys[at]));
      };
      return { result: () => undefined };
    });
    await this.#read();
    // Never begin anew over what cannot be read: it would look like an empty store.
    if (!this.#held.keys.has(HEAD)) {
      throw new Refusal("store_damaged", "There is a store on this device, and it cannot be opened.");
    }
  }

  async #read() {
    const [keys, values] = await this.#connection.run("readonly", (store) => {
      const range = IDBKeyRange.bound(ROW, "s", false, true);
      const asked = [store.getAllKeys(range), store.getAll(range)];
      return { result: () => /** @type {[string[], Bytes[]]} */ (asked.map((request) => request.result)) };
    });
    const opened = await Promise.all(values.map((sealed) => this.#open(sealed)));
    const held = new Held();
    opened.forEach((row, at) => {
      if (row === null) held.unreadable += 1;
      else held.take(keys[at], row, values[at]);
    });
    this.#held = held;
    this.#tried.clear();
  }

  /**
   * @param {Writing} writing
   * @param {{keep?: [string, Bytes][], lose?: string[]}} [content] of files, by key
   */
  async #write({ put = [], drop = [], expect }, { keep = [], lose = [] } = {}) {
    const dropped = [...(typeof drop === "function" ? drop() : drop)];
    // The last value of a name; copied, so that memory holds what the disk does.
    const values = new Map(JSON.parse(JSON.stringify([...put])));
    const puts = await Promise.all([...values].map(([name, value]) => this.#prepare(name, value)));
    const held = this.#held;
    const doomed = [...dropped, ...values.keys()].flatMap((name) => held.twins.get(name) ?? []);
    doomed.push(...dropped.flatMap((name) => this.#keyOf(name) ?? []), ...lose);
    for (const { name, key } of puts) this.#tried.set(name, key);
    const seen = expect && this.#expected(expect);
    await this.#connection.run("readwrite", (store) => {
      const go = () => {
        for (const key of doomed) store.delete(key);
        for (const { key, sealed } of puts) store.put(sealed, key);
        for (const [key, sealed] of keep) store.put(sealed, key);
      };
      if (!seen) {
        go();
        return { result: () => undefined };
      }
      return guarded(store, { ...seen, next: puts.find(({ key }) => key === seen.key)?.sealed }, go);
    });
    for (const name of [...dropped, ...values.keys()]) this.#tried.delete(name);
    for (const name of dropped) if (!values.has(name)) held.lift(name);
    for (const { name, key, sealed } of puts) held.put(key, [name, values.get(name)], sealed);
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  async #prepare(name, value) {
    const sealed = await this.#seal(name, value);
    return { name, sealed, key: this.#keyOf(name) ?? freshKey(ROW) };
  }

  /** @param {string} name */
  #keyOf(name) {
    return this.#held.keys.get(name) ?? this.#tried.get(name);
  }

  /**
   * Where the expected row is and how it looked when this tab last saw it.
   *
   * @param {{name: string, value: any}} expect
   * @returns {{key: string, sealed: Bytes}}
   */
  #expected({ name, value }) {
    const key = this.#held.keys.get(name);
    const sealed = this.#held.sealed.get(name);
    if (!key || !sealed || JSON.stringify(this.get(name)) !== JSON.stringify(value)) throw moved();
    return { key, sealed };
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  #seal(name, value) {
    return this.#vault.seal(utf8(JSON.stringify([name, value])));
  }

  /**
   * @param {Bytes} sealed
   * @returns {Promise<[string, any] | null>} `null`: it cannot be opened
   */
  async #open(sealed) {
    try {
      const row = JSON.parse(fromUtf8(await this.#vault.open(sealed)));
      return Array.isArray(row) && row.length === 2 && typeof row[0] === "string" ? [row[0], row[1]] : null;
    } catch {
      return null;
    }
  }
}

/**
 * Go on only if a row still has the bytes that were seen. They are compared sealed: to open them
 * takes a moment in which the transaction would end.
 *
 * @param {IDBObjectStore} store
 * @param {{key: string, sealed: Bytes, next?: Bytes}} seen `next`: what this write puts there; it is
 *   found when the first try had reached the disk after all
 * @param {() => void} go
 */
function guarded(store, { key, sealed, next }, go) {
  /** @type {Refusal | null} */
  let refusal = null;
  const request = store.get(key);
  request.onsuccess = () => {
    if (equal(request.result, sealed) || equal(request.result, next)) return go();
    refusal = moved();
    store.transaction.abort();
  };
  return { result: () => undefined, refused: () => refusal };
}

function moved() {
  return new Refusal("moved", "Another window wrote meanwhile.");
}

/**
 * @param {Bytes | undefined} one
 * @param {Bytes | undefined} other
 */
function equal(one, other) {
  return !!one && one.length === other?.length && one.every((byte, at) => byte === other[at]);
}

/** @param {string} kind */
function freshKey(kind) {
  return kind + b64url(crypto.getRandomValues(new Uint8Array(16)));
}

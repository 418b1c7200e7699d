/**
 * The connection to the database: one object store, strict durability, and what to do when the
 * browser loses it.
 *
 * iOS closes connections under memory pressure and in the background, sometimes without a word, and
 * then every write fails. A lost connection is opened again once and the work is done again once;
 * what fails then is told to whoever asked.
 */

import { Refusal } from "../protocol/errors.js";

/** Version of the database's structure; steps in {@link STRUCTURE} lead to it. */
export const STRUCTURE_VERSION = 1;
export const ROWS = "rows";
const PATIENCE = 30_000; // milliseconds after which a silent database counts as lost

/**
 * What brings a database from the version before to this one, by version. A step may add; it never
 * takes away what the version before reads.
 *
 * @type {Map<number, (database: IDBDatabase) => void>}
 */
const STRUCTURE = new Map([[1, (database) => void database.createObjectStore(ROWS)]]);

export class Connection {
  /** @type {IDBDatabase | null} */
  #database = null;
  #closed = false;
  /** Whether there was a database before: then a new one in its place is a loss, and not to be made. */
  #opened = false;

  /**
   * @param {string} name of the database
   * @param {IDBFactory} factory
   * @param {number} [patience] milliseconds
   */
  constructor(name, factory, patience = PATIENCE) {
    this.name = name;
    this.factory = factory;
    this.patience = patience;
  }

  /**
   * Do something in one transaction, and again on a new connection if this one was lost.
   *
   * @template T
   * @param {"readonly" | "readwrite"} mode
   * @param {(store: IDBObjectStore) => Asked<T>} ask places its requests at once; run again, it must do the same
   * @returns {Promise<T>} once the transaction is complete, which is: on disk
   * @throws {Refusal} `storage_full`, `storage_lost`, `storage_gone`, `store_newer`, or what `ask` refused with
   */
  async run(mode, ask) {
    try {
      return await this.#once(mode, ask);
    } catch (error) {
      const told = asRefusal(error);
      if (told.code !== "storage_lost" || this.#closed) throw told;
    }
    this.#drop();
    try {
      return await this.#once(mode, ask);
    } catch (error) {
      this.#drop();
      throw asRefusal(error);
    }
  }

  /** Close it for good. */
  close() {
    this.#closed = true;
    this.#drop();
  }

  #drop() {
    const database = this.#database;
    this.#database = null;
    try {
      database?.close();
    } catch {
      // It was lost already, which is why it is dropped.
    }
  }

  /**
   * @template T
   * @param {"readonly" | "readwrite"} mode
   * @param {(store: IDBObjectStore) => Asked<T>} ask
   * @returns {Promise<T>}
   */
  async #once(mode, ask) {
    if (this.#closed) throw new Refusal("storage_lost", "The store was closed.");
    this.#database ??= await within(this.patience, this.#open());
    const transaction = this.#database.transaction(ROWS, mode, { durability: "strict" });
    const asked = placed(transaction, ask);
    return within(this.patience, complete(transaction, asked), () => transaction.abort());
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    return new Promise((resolve, reject) => {
      const request = this.factory.open(this.name, STRUCTURE_VERSION);
      let gone = false;
      request.onupgradeneeded = (event) => {
        if (event.oldVersion === 0 && this.#opened) {
          gone = true;
          request.transaction?.abort();
          return;
        }
        for (let version = event.oldVersion + 1; version <= STRUCTURE_VERSION; version++) {
          STRUCTURE.get(version)?.(request.result);
        }
      };
      request.onsuccess = () => {
        const database = request.result;
        this.#opened = true;
        const forget = () => {
          if (this.#database === database) this.#database = null;
        };
        database.onclose = forget;
        // Another tab brings a newer version; this one's next write will be told so.
        database.onversionchange = () => {
          forget();
          database.close();
        };
        resolve(database);
      };
      request.onerror = () => reject(gone ? deleted() : request.error);
    });
  }
}

function deleted() {
  return new Refusal("storage_gone", "What was stored on this device was deleted. Not saved.");
}

/**
 * What was asked of a transaction: its result once that is complete, and why it was refused, if
 * the transaction was aborted for a reason of one's own.
 *
 * @template T
 * @typedef {{result: () => T, refused?: () => Refusal | null}} Asked
 */

/**
 * Place the requests: all of them or none, also when one cannot be placed.
 *
 * @template T
 * @param {IDBTransaction} transaction
 * @param {(store: IDBObjectStore) => Asked<T>} ask
 */
function placed(transaction, ask) {
  try {
    return ask(transaction.objectStore(ROWS));
  } catch (error) {
    transaction.abort();
    throw error;
  }
}

/**
 * @template T
 * @param {IDBTransaction} transaction
 * @param {Asked<T>} asked
 * @returns {Promise<T>}
 */
function complete(transaction, asked) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result());
    transaction.onabort = () => reject(asked.refused?.() ?? transaction.error ?? new Error("aborted"));
  });
}

/**
 * @template T
 * @param {number} patience milliseconds
 * @param {Promise<T>} promise
 * @param {() => void} [giveUp]
 * @returns {Promise<T>}
 */
function within(patience, promise, giveUp = () => {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        giveUp();
      } catch {
        // It is complete or aborted by now; either way nobody waits for it any more.
      }
      reject(new Error("The store does not answer."));
    }, patience);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * @param {unknown} error
 * @returns {Refusal}
 */
function asRefusal(error) {
  if (error instanceof Refusal) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "QuotaExceededError") {
    return new Refusal("storage_full", "There is no room left on this device. Not saved.", { cause: error });
  }
  if (name === "VersionError") {
    return new Refusal("store_newer", "A newer version of this program wrote this store.", { cause: error });
  }
  return new Refusal("storage_lost", "The browser does not write to its store. Not saved.", { cause: error });
}

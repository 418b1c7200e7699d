/**
 * Brings what is typed to disk: at once, one transaction after another.
 *
 * What changes while a transaction is in flight waits for the next, the last value of each row
 * only. There is no delay before a write: a pause that never comes would keep everything from
 * being written. What could not be written stays here, is seen by reads, and is tried again.
 */

/** @typedef {"saved" | "saving" | "failed"} State */

export class Saver {
  /** @type {Map<string, any>} by name; `null`: the row is to go */
  #waiting = new Map();
  /** @type {Map<string, any>} */
  #inFlight = new Map();
  /** Rows whose write failed: it may have reached the disk all the same. @type {Set<string>} */
  #doubtful = new Set();
  /** @type {Promise<void> | null} */
  #running = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** Why the last write failed; `null` when it did not. @type {unknown} */
  error = null;

  /** @param {Pick<import("./rows.js").Rows, "get" | "entries" | "write">} rows */
  constructor(rows) {
    this.rows = rows;
  }

  /** @returns {State} `saved`: all of it is on disk */
  get state() {
    if (this.#waiting.size === 0 && this.#inFlight.size === 0) return "saved";
    return this.error === null ? "saving" : "failed";
  }

  /**
   * Be told when the state may have changed.
   *
   * @param {() => void} listener
   * @returns {() => void} ends it
   */
  onstate(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The value of a row as it will be on disk.
   *
   * @param {string} name
   * @returns {any} `undefined` if there is none
   */
  get(name) {
    for (const pending of [this.#waiting, this.#inFlight]) {
      if (pending.has(name)) return pending.get(name) ?? undefined;
    }
    return this.rows.get(name);
  }

  /**
   * Names and values of the rows whose names begin so, as they will be on disk.
   *
   * @param {string} prefix
   * @returns {[string, any][]}
   */
  entries(prefix) {
    const found = new Map(this.rows.entries(prefix));
    for (const [name, value] of [...this.#inFlight, ...this.#waiting]) {
      if (!name.startsWith(prefix)) continue;
      if (value === null) found.delete(name);
      else found.set(name, value);
    }
    return [...found];
  }

  /**
   * Ask for a row to be written. What is set before the next await goes in one transaction.
   *
   * @param {string} name
   * @param {any} value `null` removes the row
   */
  set(name, value) {
    const here = this.#inFlight.has(name) || this.#doubtful.has(name) || this.rows.get(name) !== undefined;
    const gone = value === null && !here;
    // Typed and taken back before it was written: the disk never sees it.
    if (gone) this.#waiting.delete(name);
    else this.#waiting.set(name, value);
    this.#start();
  }

  /**
   * Write what waits.
   *
   * @returns {Promise<void>} when nothing waits any more
   * @throws {unknown} why it could not be written; it still waits
   */
  async flush() {
    this.#start();
    while (this.#running) {
      await this.#running;
      if (this.error !== null) throw this.error;
      this.#start();
    }
  }

  #start() {
    if (this.#running || this.#waiting.size === 0) {
      if (!this.#running) this.error = null;
      this.#tell();
      return;
    }
    // What is set in the same moment goes along.
    this.#running = Promise.resolve()
      .then(() => this.#run())
      .finally(() => (this.#running = null));
    this.#tell();
  }

  async #run() {
    while (this.#waiting.size > 0) {
      this.#inFlight = this.#waiting;
      this.#waiting = new Map();
      this.#tell();
      try {
        await this.#write(this.#inFlight);
        this.error = null;
        for (const name of this.#inFlight.keys()) this.#doubtful.delete(name);
      } catch (error) {
        for (const name of this.#inFlight.keys()) this.#doubtful.add(name);
        // What was set meanwhile is newer.
        this.#waiting = new Map([...this.#inFlight, ...this.#waiting]);
        this.error = error;
        return;
      } finally {
        this.#inFlight = new Map();
        this.#tell();
      }
    }
  }

  /** @param {Map<string, any>} values */
  #write(values) {
    const all = [...values];
    return this.rows.write({
      put: all.filter(([, value]) => value !== null),
      drop: all.filter(([, value]) => value === null).map(([name]) => name),
    });
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

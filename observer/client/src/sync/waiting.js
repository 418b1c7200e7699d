/** Rows as they will be: what was set and removed waits here until it is written in one go. */

/** @typedef {import("../store/rows.js").Rows} Rows */

export class Waiting {
  /** @type {Map<string, any>} */
  put = new Map();
  /** @type {Set<string>} */
  gone = new Set();

  /** @param {Rows} rows */
  constructor(rows) {
    this.rows = rows;
  }

  /** Whether there is nothing to write. */
  get isEmpty() {
    return this.put.size === 0 && this.gone.size === 0;
  }

  /**
   * The value of a row as it will be; `undefined` if there will be none.
   * @param {string} name
   * @returns {any}
   */
  get(name) {
    if (this.put.has(name)) return this.put.get(name);
    return this.gone.has(name) ? undefined : this.rows.get(name);
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.gone.delete(name);
    this.put.set(name, value);
  }

  /** @param {string} name */
  remove(name) {
    this.put.delete(name);
    this.gone.add(name);
  }

  /** Whether something waits for this row. @param {string} name */
  has(name) {
    return this.put.has(name) || this.gone.has(name);
  }

  /** Let go of everything. */
  clear() {
    this.put = new Map();
    this.gone = new Set();
  }
}

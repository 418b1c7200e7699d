/**
 * How much to send at once: what this network carries in some seconds, little when it is unknown.
 * Twin of `sync/pace.py`.
 *
 * A call that takes longer than the timeout is lost whole and begins again, so on a slow network a
 * large one never ends. The size is kept: each conversation begins where the last one ended.
 */

const GOAL = 20; // seconds that a call should take at most; a transport waits for 30
const FASTEST = 8; // times that the size grows at once

/** The size of one kind of call. */
export class Pace {
  /**
   * @param {import("../store/rows.js").Rows} rows
   * @param {string} name under which the size is kept, as `meta/<name>`
   * @param {{first: number, least: number, most: number, clock?: () => number}} bounds bytes at once:
   *   before anything is known of the network, at least, at most; `clock` gives milliseconds
   */
  constructor(rows, name, { first, least, most, clock = () => performance.now() }) {
    this.rows = rows;
    this.name = `meta/${name}`;
    this.least = Math.min(least, most);
    this.most = most;
    this.clock = clock;
    const kept = rows.get(this.name);
    /** Bytes to send at once. */
    this.size = this.#within(Number.isSafeInteger(kept) ? kept : first);
  }

  /**
   * Make a call with so many bytes: how it goes decides on the size of the next.
   *
   * @template T
   * @param {number} size bytes
   * @param {() => Promise<T>} call
   * @returns {Promise<T>}
   */
  async sending(size, call) {
    const begun = this.clock();
    let answer;
    try {
      answer = await call();
    } catch (error) {
      const { code, canceled } = /** @type {{code?: string, canceled?: boolean}} */ (error);
      if (code === "not_reached" && !canceled) await this.#keep(Math.min(this.size, size) / 2);
      throw error;
    }
    const seconds = Math.max((this.clock() - begun) / 1000, 0.001);
    const fits = size * Math.min(GOAL / seconds, FASTEST);
    // What a small call took says nothing against a larger one.
    if (seconds > GOAL || fits > this.size) await this.#keep(fits);
    return answer;
  }

  /** @param {number} size */
  async #keep(size) {
    const within = this.#within(Math.floor(size));
    if (within === this.size) return;
    this.size = within;
    await this.rows.write({ put: [[this.name, within]] });
  }

  /** @param {number} size */
  #within(size) {
    return Math.max(this.least, Math.min(size, this.most));
  }
}

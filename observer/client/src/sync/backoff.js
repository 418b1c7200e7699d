/**
 * How long to wait before trying again: twice as long each time, never the same for two devices.
 * Twin of `sync/backoff.py`.
 *
 * Full jitter (every wait is random between none and the limit), so that many devices that lost the
 * network together do not come back together. A server that says `Retry-After` is believed.
 */

export const FIRST = 2; // seconds
export const LONGEST = 300; // seconds

/** The waits of one sender. */
export class Backoff {
  #limit = FIRST;

  /** @param {() => number} [random] a number from 0 to 1 */
  constructor(random = Math.random) {
    this.random = random;
  }

  /** Begin again with short waits. */
  succeeded() {
    this.#limit = FIRST;
  }

  /**
   * Seconds to wait before the next try; at most five minutes.
   *
   * @param {number} [retryAfter] seconds that the other side asked for; the wait is not shorter
   */
  failed(retryAfter = 0) {
    // Those who were told the same time must not all come at it.
    const wait = this.random() * this.#limit + retryAfter;
    this.#limit = Math.min(this.#limit * 2, LONGEST);
    return Math.min(wait, LONGEST);
  }
}

/**
 * When to send and fetch: on opening, when a network comes, when the page is looked at again, when
 * somebody asks, and now and then. After a failure it waits longer each time, five minutes at most.
 */

import { Backoff } from "./backoff.js";

/**
 * @typedef {object} LoopState
 * @property {"resting" | "running" | "waiting"} doing `waiting`: the last try failed
 * @property {number} done changes that went out in the conversation under way
 * @property {number} total changes that waited when it began
 * @property {unknown} error why the last conversation ended early; `null` when it did not
 * @property {number} nextAt milliseconds since 1970 of the next try, 0 while one is under way
 */
/** @typedef {{run(how: {signal: AbortSignal, progress(done: number, total: number): void}): Promise<any>}} Talking */
/**
 * What a loop listens to and counts time by; a test gives its own.
 *
 * @typedef {object} Surroundings
 * @property {EventTarget} [window] tells `online`
 * @property {EventTarget & {visibilityState?: string}} [document] tells `visibilitychange`
 * @property {() => boolean} [isOnline]
 * @property {() => number} [clock] milliseconds since 1970
 * @property {(callback: () => void, milliseconds: number) => any} [wait]
 * @property {(timer: any) => void} [unwait]
 * @property {Backoff} [backoff]
 */

const CALM = 60; // seconds between two looks when all is well

/** One device's conversations, one after another for as long as the page is open. */
export class Loop {
  /** @type {Set<(state: LoopState) => void>} */
  #listeners = new Set();
  /** @type {any} */
  #timer = null;
  /** @type {AbortController | null} */
  #ending = null;
  #again = false;
  #started = false;
  /** @type {(() => void)[]} */
  #unlisten = [];

  /**
   * @param {() => Talking} talk a new conversation (`Session`)
   * @param {Surroundings} [around]
   */
  constructor(talk, around = {}) {
    this.talk = talk;
    this.window = around.window ?? globalThis;
    this.document = around.document ?? globalThis.document;
    this.isOnline = around.isOnline ?? (() => globalThis.navigator?.onLine !== false);
    this.clock = around.clock ?? Date.now;
    this.wait = around.wait ?? ((callback, milliseconds) => setTimeout(callback, milliseconds));
    this.unwait = around.unwait ?? ((timer) => clearTimeout(timer));
    this.backoff = around.backoff ?? new Backoff();
    /** @type {LoopState} */
    this.state = { doing: "resting", done: 0, total: 0, error: null, nextAt: 0 };
    /** What the last conversation that went through did; `null` before the first. @type {any} */
    this.last = null;
  }

  /**
   * Be told whenever the state changes.
   *
   * @param {(state: LoopState) => void} listener
   * @returns {() => void} ends it
   */
  onstate(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begin, with a conversation at once. */
  start() {
    if (this.#started) return;
    this.#started = true;
    this.#listen(this.window, "online", () => this.now());
    this.#listen(this.document, "visibilitychange", () => {
      if (this.document.visibilityState === "visible") this.#wake();
    });
    this.now();
  }

  /** End: the call in hand is given up, what was done stays done. */
  stop() {
    this.#started = false;
    for (const end of this.#unlisten.splice(0)) end();
    this.unwait(this.#timer);
    this.#again = false;
    this.#ending?.abort();
  }

  /** Give up the conversation in hand; what was done stays done, and the next one goes on. */
  cancel() {
    this.#again = false;
    this.#ending?.abort();
  }

  /** Send and fetch at once; what is written while it runs goes along or right after. */
  now() {
    if (!this.#started) return;
    if (this.#ending) {
      this.#again = true;
      return;
    }
    this.unwait(this.#timer);
    void this.#run();
  }

  /** Who looks at the page again waits no longer than needed, and shortens no wait that was asked for. */
  #wake() {
    if (this.state.doing !== "waiting" || this.clock() >= this.state.nextAt) this.now();
  }

  async #run() {
    const ending = new AbortController();
    this.#ending = ending;
    this.#say({ doing: "running", done: 0, total: 0, nextAt: 0 });
    let wait = CALM;
    try {
      const progress = (/** @type {number} */ done, /** @type {number} */ total) => this.#say({ done, total });
      this.last = await this.talk().run({ signal: ending.signal, progress });
      this.backoff.succeeded();
      this.#end({ doing: "resting", error: null });
    } catch (error) {
      const { retryAfter } = /** @type {{retryAfter?: number}} */ (error);
      // Without any network the event tells when to try, so waits need not grow meanwhile.
      wait = this.isOnline() ? this.backoff.failed(retryAfter) : CALM;
      this.#end({ doing: "waiting", error });
      if (retryAfter) this.#again = false;
    }
    if (!this.#started) return;
    if (this.#again) {
      this.#again = false;
      void this.#run();
      return;
    }
    this.#say({ nextAt: this.clock() + wait * 1000 });
    this.#timer = this.wait(() => this.now(), wait * 1000);
  }

  /** @param {Partial<LoopState>} change */
  #end(change) {
    this.#ending = null;
    this.#say(change);
  }

  /** @param {Partial<LoopState>} change */
  #say(change) {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener(this.state);
  }

  /**
   * @param {EventTarget | undefined} target
   * @param {string} event
   * @param {() => void} listener
   */
  #listen(target, event, listener) {
    target?.addEventListener?.(event, listener);
    this.#unlisten.push(() => target?.removeEventListener?.(event, listener));
  }
}

/**
 * What is written to records while they are cut.
 *
 * Signing takes a moment in which the author goes on. Whether such a draft says something new can
 * be judged only when it is known what was sent; until then it is kept, also where it equals what
 * was sent before, so that a correction of this moment is not lost.
 */

import { saysSo } from "./record.js";

/**
 * What a cut did.
 *
 * @template T
 * @typedef {object} Done
 * @property {T} result
 * @property {Map<string, string>} latest by record the hash of its last new change
 * @property {[string, string][]} gone record and path of drafts whose rows may be gone
 */

export class Cutting {
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();
  /** @type {Map<string, Set<string>>} paths by record */
  #written = new Map();

  /** @param {import("./records.js").Records} records */
  constructor(records) {
    this.records = records;
  }

  /**
   * Whether a record is being cut; then the path is noted as written meanwhile.
   *
   * @param {string} id
   * @param {string} path
   */
  notes(id, path) {
    return this.#written.get(id)?.add(path) !== undefined;
  }

  /**
   * Cut, one cut after another.
   *
   * @template T
   * @param {Iterable<string>} ids
   * @param {() => Promise<Done<T>>} work
   * @returns {Promise<T>}
   */
  during(ids, work) {
    const all = [...ids];
    const done = this.#turn.then(() => this.#run(all, work));
    this.#turn = done.catch(() => {});
    return done;
  }

  /**
   * @template T
   * @param {string[]} ids
   * @param {() => Promise<Done<T>>} work
   */
  async #run(ids, work) {
    for (const id of ids) this.#written.set(id, new Set());
    /** @type {Map<string, string>} */
    let latest = new Map();
    try {
      const done = await work();
      latest = done.latest;
      for (const [record, path] of done.gone) this.records.drafts.look(record, path);
      return done.result;
    } finally {
      this.#settle(latest);
      this.records.changed(ids);
    }
  }

  /**
   * What was written meanwhile builds on what was cut: that was on the screen.
   * @param {Map<string, string>} latest
   */
  #settle(latest) {
    const { drafts } = this.records;
    for (const [id, paths] of this.#written) {
      const sent = this.records.sent(id);
      const last = latest.get(id);
      for (const path of paths) {
        const draft = drafts.get(id, path);
        if (!draft) continue;
        const heads = last ? [...draft.heads, last] : draft.heads;
        drafts.write(id, path, saysSo(sent, path, draft.value) ? null : { ...draft, heads });
      }
    }
    this.#written.clear();
  }
}

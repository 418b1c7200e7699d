/** A record as the observer sees it: sent values, and over them what is not sent yet. */

import { isSameValue } from "../protocol/fold.js";

/** @typedef {import("../protocol/fold.js").Folded} Folded */
/** @typedef {import("./drafts.js").Draft} Draft */

export class RecordHere {
  #drafts;

  /**
   * @param {string} id
   * @param {string} kind
   * @param {Folded} sent
   * @param {[string, Draft][]} drafts by path, in the order of writing
   */
  constructor(id, kind, sent, drafts) {
    this.id = id;
    this.kind = kind;
    this.#drafts = drafts;
    /** What the changes say. A copy: the fold goes on, this is how it was. @type {Folded} */
    this.sent = {
      values: bare(Object.entries(sent.values)),
      origins: bare(Object.entries(sent.origins)),
      conflicts: bare(Object.entries(sent.conflicts)),
      heads: [...sent.heads],
    };
    /** Unsent values by path; `null` clears. @type {Record<string, any>} */
    this.drafts = bare(drafts.map(([path, { value }]) => [path, value]));
    /** What is shown. @type {Record<string, any>} */
    this.values = bare(
      Object.entries({ ...this.sent.values, ...this.drafts }).filter(([, value]) => value !== null),
    );
  }

  /** Unsent fields that differ from what was sent, or settle a conflict. */
  get dirty() {
    return bare(Object.entries(this.drafts).filter(([path, value]) => !saysSo(this.sent, path, value)));
  }

  /**
   * By path, oldest first: the record's heads that were here when the author wrote.
   *
   * @returns {Map<string, readonly string[]>}
   */
  get seen() {
    return new Map(this.#drafts.map(([path, { heads }]) => [path, heads]));
  }

  /** When each unsent field was written (this device's clock). @returns {Record<string, string>} */
  get written() {
    return bare(this.#drafts.map(([path, { at }]) => [path, at]));
  }
}

/**
 * Whether a record says this already. In a conflict, to keep what is shown is a choice and has to be
 * sent.
 *
 * @param {Folded} sent
 * @param {string} path
 * @param {any} value
 */
export function saysSo(sent, path, value) {
  return !(path in sent.conflicts) && isSameValue(sent.values[path] ?? null, value);
}

/**
 * An object without a prototype, as a field path may be any word.
 *
 * @param {[string, any][]} entries
 * @returns {Record<string, any>}
 */
function bare(entries) {
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

/**
 * The fold: what a record says, as a pure function of the set of its changes. Twin of
 * `sync/fold.py`, which says the law: a field's value is what its latest writers in the parents
 * graph say, and order, duplicates and batches cannot matter.
 */

import { secondsOf } from "./clock.js";

/** @typedef {import("./change.js").Change} Change */

/**
 * One author's word on one field.
 *
 * @typedef {object} Version
 * @property {any} value
 * @property {string} author
 * @property {string} recorded_at
 * @property {string} hash
 */

/**
 * A record as it stands. The three objects have no prototype, as a field path may be any word.
 *
 * @typedef {object} Folded
 * @property {Record<string, any>} values by field path, without those that were cleared
 * @property {Record<string, Version>} origins for each path that was ever set, where it comes from
 * @property {Record<string, Version[]>} conflicts all versions of a field whose latest writers
 *   differ, the shown one first
 * @property {string[]} heads hashes of the changes that no other change of the record names, sorted
 */

/**
 * Folds the changes of one record, also one after another.
 *
 * Every change has a bit; `#ancestors[i]` is the set of bits that change `i` descends from.
 */
export class RecordFold {
  /** @type {Map<string, number>} hash to place in the order */
  #place = new Map();
  /** @type {bigint[]} */
  #bits = [];
  /** @type {bigint[]} */
  #ancestors = [];
  /** @type {Change[]} */
  #order = [];
  /** @type {Map<string, number[]>} path to its writers, without those known to be older */
  #writers = new Map();
  /** @type {Set<string>} */
  #awaited = new Set();
  /** @type {Set<string>} */
  #heads = new Set();

  /** @param {Iterable<Change>} [changes] */
  constructor(changes = []) {
    /** What the record says now; replaced when a change fills a gap, otherwise kept up to date. */
    this.result = empty();
    this.#rebuild(changes);
  }

  /**
   * Fold one more change; a known one changes nothing.
   *
   * @param {Change} change
   * @returns {Folded}
   */
  add(change) {
    if (this.#place.has(change.hash)) return this.result;
    if (this.#awaited.has(change.hash)) {
      this.#rebuild([...this.#order, change]);
    } else {
      this.#add(change);
      this.#evaluate(change.counts ? Object.keys(change.set) : []);
    }
    return this.result;
  }

  /** @param {Iterable<Change>} changes */
  #rebuild(changes) {
    const known = new Map();
    for (const change of changes) known.set(change.hash, change);
    this.#place = new Map();
    this.#bits = [];
    this.#ancestors = [];
    this.#order = [];
    this.#writers = new Map();
    this.#awaited = new Set();
    this.#heads = new Set();
    this.result = empty();
    for (const change of parentsFirst(known)) this.#add(change);
    this.#evaluate(this.#writers.keys());
  }

  /** @param {Change} change */
  #add(change) {
    const index = this.#order.length;
    let above = 0n;
    for (const parent of change.parents) {
      const at = this.#place.get(parent);
      if (at === undefined) {
        this.#awaited.add(parent);
      } else {
        above |= this.#ancestors[at] | this.#bits[at];
        this.#heads.delete(parent);
      }
    }
    this.#place.set(change.hash, index);
    this.#bits.push(1n << BigInt(index));
    this.#ancestors.push(above);
    this.#order.push(change);
    this.#heads.add(change.hash);
    if (!change.counts) return;
    for (const path of Object.keys(change.set)) {
      const writers = this.#writers.get(path);
      if (writers === undefined) this.#writers.set(path, [index]);
      else writers.push(index);
    }
  }

  /** @param {Iterable<string>} paths */
  #evaluate(paths) {
    for (const path of paths) this.#evaluateField(path);
    this.result.heads = [...this.#heads].sort();
  }

  /** @param {string} path */
  #evaluateField(path) {
    const writers = this.#writers.get(path) ?? [];
    let older = 0n;
    for (const index of writers) older |= this.#ancestors[index];
    const latest = writers.filter((index) => (older & this.#bits[index]) === 0n);
    // What an older writer said cannot matter again: descent is never undone.
    this.#writers.set(path, latest);
    const versions = latestFirst(latest.map((index) => this.#order[index])).map((change) =>
      versionOf(change, path),
    );
    const { values, origins, conflicts } = this.result;
    const shown = versions[0];
    if (differ(versions)) conflicts[path] = versions;
    else delete conflicts[path];
    origins[path] = shown;
    if (shown.value === null) delete values[path];
    else values[path] = shown.value;
  }
}

/**
 * The record that these changes, all of one record, make.
 *
 * @param {Iterable<Change>} changes
 * @returns {Folded}
 */
export function fold(changes) {
  return new RecordFold(changes).result;
}

/**
 * Whether two values of the profile are the same: `1` is not `true`, and the order of keys says
 * nothing.
 *
 * @param {any} one
 * @param {any} other
 */
export function isSameValue(one, other) {
  return one === other || canonical(one) === canonical(other);
}

/** @returns {Folded} */
function empty() {
  return {
    values: Object.create(null),
    origins: Object.create(null),
    conflicts: Object.create(null),
    heads: [],
  };
}

/** @param {Change[]} changes */
function latestFirst(changes) {
  if (changes.length < 2) return changes;
  const timed = changes.map((change) => ({ change, at: secondsOf(change.recorded_at) }));
  timed.sort((a, b) => b.at - a.at || (a.change.hash < b.change.hash ? 1 : -1));
  return timed.map(({ change }) => change);
}

/** @param {Version[]} versions */
function differ(versions) {
  return versions.some((version) => !isSameValue(version.value, versions[0].value));
}

/**
 * @param {Change} change
 * @param {string} path
 * @returns {Version}
 */
function versionOf(change, path) {
  const { author, recorded_at, hash } = change;
  return { value: change.set[path], author, recorded_at, hash };
}

/**
 * @param {any} value
 * @returns {string}
 */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/**
 * The changes so that each comes after those of its parents that are here. A hash covers the
 * hashes of its parents, so there is no cycle.
 *
 * @param {Map<string, Change>} known
 */
function parentsFirst(known) {
  /** @type {Change[]} */
  const ordered = [];
  const done = new Set();
  for (const start of [...known.keys()].sort()) {
    const stack = [start];
    while (stack.length > 0) {
      const name = stack[stack.length - 1];
      const change = /** @type {Change} */ (known.get(name));
      const waiting = done.has(name)
        ? []
        : change.parents.filter((parent) => known.has(parent) && !done.has(parent));
      if (waiting.length > 0) {
        stack.push(...waiting);
        continue;
      }
      stack.pop();
      if (!done.has(name)) {
        done.add(name);
        ordered.push(change);
      }
    }
  }
  return ordered;
}

/**
 * Drafts: the latest value of each field that was written here and not yet sent. Twin of
 * `observer/store/drafts.py`. Overwritten in place; what was taken back leaves no row.
 */

/**
 * An unsent field.
 *
 * @typedef {object} Draft
 * @property {string} kind of the record
 * @property {any} value `null` where the author cleared what was sent before
 * @property {readonly string[]} heads of the record that were here when the author wrote
 * @property {string} at when it was written (this device's clock)
 * @property {number} [turn] its place in the order of writing, whatever the clock said; rows from
 *   before this was kept have none, and come first
 */

const DRAFT = "draft/";

/**
 * The name of a draft's row.
 *
 * @param {string} record
 * @param {string} path
 */
export function draftName(record, path) {
  return `${DRAFT}${record}/${path}`;
}

export class Drafts {
  /** @type {Map<string, Map<string, Draft>>} by record and path */
  #found = new Map();
  /** The last turn that was given. */
  #last = 0;

  /** @param {import("../store/saver.js").Saver} saver */
  constructor(saver) {
    this.saver = saver;
    this.reload();
  }

  /** Read them again, after the store was. */
  reload() {
    this.#found = new Map();
    this.#last = 0;
    for (const [name, draft] of this.saver.entries(DRAFT)) this.#hold(name, draft);
  }

  /**
   * The drafts of a record by path, in the order of writing.
   *
   * @param {string} record
   * @returns {[string, Draft][]}
   */
  of(record) {
    return [...(this.#found.get(record) ?? [])].sort(
      ([path, one], [other, two]) =>
        (one.turn ?? 0) - (two.turn ?? 0) || compare(one.at, two.at) || compare(path, other),
    );
  }

  /**
   * @param {string} record
   * @param {string} path
   * @returns {Draft | undefined}
   */
  get(record, path) {
    return this.#found.get(record)?.get(path);
  }

  /**
   * The records with drafts.
   * @param {string} [kind]
   */
  records(kind) {
    return [...this.#found.keys()].filter((record) => !kind || this.kind(record) === kind).sort();
  }

  /**
   * The kind of a record with drafts.
   * @param {string} record
   */
  kind(record) {
    const [draft] = this.#found.get(record)?.values() ?? [];
    return draft?.kind;
  }

  /**
   * @param {string} record
   * @param {string} path
   * @param {Draft | null} draft `null` drops it; it gets the next turn, if it has none
   */
  write(record, path, draft) {
    const name = draftName(record, path);
    const row = draft && { ...draft, turn: draft.turn ?? this.#last + 1 };
    this.saver.set(name, row);
    this.#hold(name, row);
  }

  /**
   * Look again at a draft whose row was written past the saver.
   *
   * @param {string} record
   * @param {string} path
   */
  look(record, path) {
    const name = draftName(record, path);
    this.#hold(name, this.saver.get(name) ?? null);
  }

  /**
   * @param {string} name of the row
   * @param {Draft | null} draft
   */
  #hold(name, draft) {
    const [record, path] = parted(name);
    const paths = this.#found.get(record) ?? new Map();
    if (draft === null) paths.delete(path);
    else paths.set(path, draft);
    this.#last = Math.max(this.#last, draft?.turn ?? 0);
    if (paths.size > 0) this.#found.set(record, paths);
    else this.#found.delete(record);
  }
}

/**
 * Record and path of a draft's row.
 *
 * @param {string} name
 * @returns {[string, string]}
 */
function parted(name) {
  const rest = name.slice(DRAFT.length);
  const at = rest.indexOf("/");
  return [rest.slice(0, at), rest.slice(at + 1)];
}

/**
 * @param {string} one
 * @param {string} other
 */
function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}

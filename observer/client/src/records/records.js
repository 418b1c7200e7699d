/**
 * What the observer sees and changes: records as sent, with the unsent drafts laid over them. Twin
 * of `observer/workspace.py`. Knows neither page nor network.
 */

import { now as clock } from "../protocol/clock.js";
import { Refusal } from "../protocol/errors.js";
import { uuid7 } from "../protocol/ids.js";
import { Cutting } from "./cutting.js";
import { Drafts } from "./drafts.js";
import { pastOf } from "./past.js";
import { RecordHere, saysSo } from "./record.js";
import { CHANGE, Shelf } from "./shelf.js";
import { Sitting } from "./sitting.js";

/** @typedef {import("../rules/checklist.js").Checklist} Checklist */
/** @typedef {import("../store/rows.js").Rows} Rows */
/** @typedef {import("../store/saver.js").Saver} Saver */
/** @typedef {import("../store/rows.js").Writing} Writing */

const OBSERVATION = "observation";

export class Records {
  #shelf = new Shelf();
  /** @type {Map<string, RecordHere | null>} */
  #seen = new Map();
  /** @type {Set<(records: string[]) => void>} */
  #listeners = new Set();
  /** @type {Promise<unknown>} */
  #taking = Promise.resolve();
  /** Whether another tab writes; then nothing is changed here. */
  readOnly = false;

  /** @param {{rows: Rows, saver: Saver, checklists: readonly Checklist[], now: () => string}} parts */
  constructor({ rows, saver, checklists, now }) {
    this.rows = rows;
    this.saver = saver;
    this.checklists = checklists;
    this.now = now;
    this.drafts = new Drafts(saver);
    this.cutting = new Cutting(this);
  }

  /**
   * @param {{rows: Rows, saver: Saver, checklist?: Checklist | null, checklists?: readonly Checklist[], now?: () => string}} options
   *   `checklists`: those that can be shown, the one for new observations first
   */
  static async open({ rows, saver, checklist = null, checklists = checklist ? [checklist] : [], now = clock }) {
    const records = new Records({ rows, saver, checklists, now });
    await records.reload();
    return records;
  }

  /** Look at everything again, after `rows.refresh()`. */
  async reload() {
    await this.#inTurn(async () => {
      const shelf = new Shelf();
      await Promise.all(
        this.rows.entries(CHANGE).map(([name, row]) => shelf.take(name.slice(CHANGE.length), row)),
      );
      this.#shelf = shelf;
      this.drafts.reload();
      this.#seen.clear();
    });
    this.#tell([]);
  }

  /** The enrolment of this device. @returns {any} */
  get profile() {
    return this.rows.get("meta/profile");
  }

  /** How many rows and changes could not be read; they stay in the store. */
  get unreadable() {
    return this.rows.unreadable + this.#shelf.unread;
  }

  // -- reading --------------------------------------------------------------------------

  /**
   * A record, `null` if there is nothing of it here.
   *
   * @param {string} id
   * @returns {RecordHere | null}
   */
  find(id) {
    let found = this.#seen.get(id);
    if (found === undefined) {
      const kind = this.#shelf.facts(id)?.kind ?? this.drafts.kind(id);
      found = kind ? new RecordHere(id, kind, this.#shelf.sent(id), this.drafts.of(id)) : null;
      this.#seen.set(id, found);
    }
    return found;
  }

  /**
   * A record.
   *
   * @param {string} id
   * @param {string} [kind] that it must be of
   * @throws {Refusal} `no_such_record`: nothing of it is here
   */
  get(id, kind) {
    const found = this.find(id);
    if (!found || (kind && found.kind !== kind)) {
      throw new Refusal("no_such_record", "This record is not on this device.");
    }
    return found;
  }

  /**
   * All records of a kind that are not withdrawn, oldest first. Of observations only one's own: a
   * colleague's may be carried here, and is not shown.
   *
   * @param {string} kind
   * @returns {RecordHere[]}
   */
  all(kind) {
    const author = this.profile?.author;
    const shown = this.#shelf.records().filter((id) => {
      const facts = this.#shelf.facts(id);
      return facts?.kind === kind && facts.isListed && (kind !== OBSERVATION || facts.creator === author);
    });
    return [...new Set([...shown, ...this.drafts.records(kind)])]
      .sort()
      .map((id) => this.find(id))
      .filter((record) => record !== null)
      .filter((record) => !record.values.withdrawn);
  }

  /**
   * The records of a kind that belong to a case.
   *
   * @param {string} kind
   * @param {string} caseId
   */
  ofCase(kind, caseId) {
    return this.all(kind).filter((record) => record.values.case === caseId);
  }

  /**
   * The observation with its case, hearing and persons.
   *
   * @param {string} observation
   * @throws {Refusal} `no_such_record`: one of them is not here
   */
  sitting(observation) {
    const record = this.get(observation, OBSERVATION);
    const { values } = record;
    const wanted = this.checklists.find(({ sha256 }) => sha256 === values.checklist);
    return new Sitting({
      case: this.get(String(values.case), "case"),
      hearing: this.get(String(values.hearing), "hearing"),
      people: this.ofCase("person", String(values.case)),
      observation: record,
      checklist: wanted ?? this.checklists[0],
    });
  }

  /** The mission's time zone, proposed for new hearings. */
  get timeZone() {
    const named = this.all("mission").find((record) => record.values.time_zone);
    return String(named?.values.time_zone ?? "UTC");
  }

  /**
   * Everything that was ever said of a field, latest first: the draft, then by `recorded_at`.
   *
   * @param {string} id
   * @param {string} path
   */
  history(id, path) {
    return pastOf(path, this.#shelf.changesOf(id), this.drafts.get(id, path), this.profile?.author ?? "");
  }

  /**
   * What the changes of a record say, without drafts.
   *
   * @param {string} id
   */
  sent(id) {
    return this.#shelf.sent(id);
  }

  /**
   * The changes of a record that are here.
   *
   * @param {string} id
   */
  changesOf(id) {
    return this.#shelf.changesOf(id);
  }

  /** The ids of all records with changes here, shown or not. */
  sentIds() {
    return this.#shelf.records();
  }

  /** The records with unsent fields. */
  unsent() {
    return this.drafts
      .records()
      .map((id) => this.find(id))
      .filter((record) => record !== null)
      .filter((record) => Object.keys(record.dirty).length > 0);
  }

  // -- writing --------------------------------------------------------------------------

  /**
   * A new record, as a draft.
   *
   * @param {string} kind
   * @param {Record<string, any>} fields
   * @returns {string} its id
   * @throws {Refusal} `read_only`
   */
  create(kind, fields) {
    const id = uuid7();
    this.edit(kind, id, { practice: this.profile?.practice ?? null, ...fields });
    return id;
  }

  /**
   * Write fields to the draft; `null` clears. They are seen at once; `saver` says when on disk.
   *
   * @param {string} kind
   * @param {string} id
   * @param {Record<string, any>} fields by path
   * @throws {Refusal} `not_yours`: the observation is another observer's; `read_only`: another tab writes
   */
  edit(kind, id, fields) {
    if (this.readOnly) throw new Refusal("read_only", "Another window of this program writes.");
    const sent = this.#shelf.sent(id);
    this.#refuseOthers(kind, sent);
    for (const [path, given] of Object.entries(fields)) {
      const value = given ?? null;
      // While the record is cut, what it says is about to change: judged when that is done.
      const isAsSent = !this.cutting.notes(id, path) && saysSo(sent, path, value);
      const draft = { kind, value, heads: [...sent.heads], at: this.now() };
      this.drafts.write(id, path, isAsSent ? null : draft);
    }
    this.changed([id]);
  }

  /**
   * @param {string} kind
   * @param {import("../protocol/fold.js").Folded} sent
   */
  #refuseOthers(kind, sent) {
    const isOthers = Object.values(sent.origins).some(({ author }) => author !== this.profile?.author);
    if (kind === OBSERVATION && isOthers) {
      throw new Refusal("not_yours", "This is another observer's record. Make your own observation.");
    }
  }

  /**
   * Write rows and take in those that are changes: what a pull brought, a verdict that came with a
   * receipt, what is erased or to be forgotten. All of it, and the cursor, in one transaction.
   *
   * @param {Writing} writing `change/<hash>` rows are {@link import("./shelf.js").ChangeRow}
   * @throws {Refusal} as {@link Rows.write}; nothing was taken in
   */
  async keepPulled({ put = [], drop = [], expect }) {
    const puts = [...put];
    /** @type {string[]} */
    let dropped = [];
    await this.rows.write({
      put: puts,
      drop: () => (dropped = [...(typeof drop === "function" ? drop() : drop)]),
      expect,
    });
    const names = [...puts.map(([name]) => name), ...dropped];
    await this.#take(names.filter((name) => name.startsWith(CHANGE)));
  }

  /**
   * Be told when records changed.
   *
   * @param {(records: string[]) => void} listener gets their ids; none: all may have
   * @returns {() => void} ends it
   */
  onchange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Take in changes as they are in the store now.
   *
   * @param {string[]} names of their rows
   */
  async #take(names) {
    if (names.length === 0) return;
    const touched = await this.#inTurn(() =>
      Promise.all(names.map((name) => this.#shelf.take(name.slice(CHANGE.length), this.rows.get(name)))),
    );
    this.changed([...new Set(touched)].filter((id) => id !== undefined));
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(work) {
    const done = this.#taking.then(work);
    this.#taking = done.catch(() => {});
    return done;
  }

  /**
   * Show these records anew.
   * @param {string[]} ids
   */
  changed(ids) {
    for (const id of ids) this.#seen.delete(id);
    this.#tell(ids);
  }

  /** @param {string[]} ids */
  #tell(ids) {
    for (const listener of this.#listeners) listener(ids);
  }
}

/**
 * How far each record of this observer has come, read off its changes, its receipts and its drafts.
 * Twin of `observer/standing.py`. A record may be in several states at once.
 */

import { instant } from "../protocol/clock.js";
import { receiptState } from "./receipts.js";

/** @typedef {import("../records/records.js").Records} Records */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */
/** @typedef {"draft" | "waiting" | "sent" | "stored" | "backed_up" | "quarantined" | "refused"} State */
/** @typedef {{code: string, message: string}} Reason why headquarters did not take something */

const KINDS = ["incident", "observation", "query", "hearing", "case", "person"];
/** @type {readonly State[]} what asks for somebody first */
const ORDER = ["refused", "quarantined", "draft", "waiting", "sent", "stored", "backed_up"];
/** @type {readonly State[]} */
const TROUBLE = ["refused", "quarantined"];
/** @type {readonly State[]} */
const HERE_ONLY = ["refused", "draft", "waiting", "sent"];

/** Where a record is. */
export class Standing {
  /**
   * @param {RecordHere} record
   * @param {State[]} states those that hold, what asks for somebody first
   * @param {string} since when the oldest of what is not at headquarters was written, empty if nothing is
   * @param {Reason[]} refusals
   */
  constructor(record, states, since, refusals) {
    this.record = record;
    this.states = states;
    this.since = since;
    this.refusals = refusals;
  }

  /** Whether a person has to look. */
  get isTrouble() {
    return this.states.some((state) => TROUBLE.includes(state));
  }

  /** Whether headquarters lacks something of it. */
  get isHereOnly() {
    return this.states.some((state) => HERE_ONLY.includes(state));
  }
}

/**
 * Every notice, observation, answered question, hearing, case and person with unsent work or receipts of one's own.
 *
 * @param {Records} records
 * @returns {Standing[]}
 */
export function standings(records) {
  const ids = new Set([...records.sentIds(), ...records.unsent().map(({ id }) => id)]);
  const found = [...ids].map((id) => records.find(id)).filter((record) => record !== null);
  return KINDS.flatMap((kind) => found.filter((record) => record.kind === kind))
    .map((record) => standingOf(records, record))
    .filter(({ states }) => states.length > 0);
}

/**
 * Where one record is.
 *
 * @param {Records} records
 * @param {RecordHere} record
 */
export function standingOf(records, record) {
  const { rows } = records;
  /** @type {Record<string, import("./push.js").Stop>} */
  const stopped = rows.get("meta/last_exchange")?.stopped ?? {};
  const backedUp = Number(rows.get("meta/backed_up_seq") ?? 0);
  /** @type {Set<State>} */
  const states = new Set();
  /** @type {string[]} */
  const times = draftTimes(record);
  /** @type {Reason[]} */
  let refusals = [];
  if (times.length > 0) states.add("draft");
  for (const { hash, device, seq } of records.changesOf(record.id)) {
    const row = rows.get(`change/${hash}`);
    if (!row?.own) continue;
    const state = receiptState(rows, hash, row.held === true, backedUp);
    states.add(state);
    if (state === "quarantined") refusals.push({ code: String(row.code ?? ""), message: "" });
    if (row.held) continue;
    times.push(row.at);
    const stop = stopped[device];
    if (stop && seq >= stop.seq) {
      states.add("refused");
      refusals = [{ code: stop.code, message: stop.error }];
    }
  }
  // Not all of it is.
  if (states.has("stored")) states.delete("backed_up");
  const holding = ORDER.filter((state) => states.has(state));
  return new Standing(record, holding, oldest(times), each(refusals));
}

/**
 * Since when the oldest work that headquarters lacks is here; `null` when it has all.
 *
 * @param {Records} records
 * @returns {string | null}
 */
export function oldestUnsent(records) {
  const waiting = records.rows.entries("change/").filter(([, row]) => row.own && !row.held);
  const times = [...records.unsent().flatMap(draftTimes), ...waiting.map(([, row]) => row.at)];
  return oldest(times) || null;
}

/** @param {RecordHere} record */
function draftTimes({ dirty, written }) {
  return Object.keys(dirty)
    .map((path) => written[path])
    .filter((at) => at !== undefined);
}

/** @param {string[]} times */
function oldest(times) {
  return times.reduce((first, at) => (first === "" || instant(at) < instant(first) ? at : first), "");
}

/** @param {Reason[]} refusals */
function each(refusals) {
  return refusals.filter((one, at) => refusals.findIndex(({ code }) => code === one.code) === at);
}

/**
 * Receipts as a device keeps them: what headquarters signed for, what a relay said it carries, and
 * what waits for either. Twin of `sync/log/receipts.py`; all that writes is called inside a
 * transaction of the log.
 */

import { HUB } from "./registry.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {import("./log.js").Entry} Entry */
/** @typedef {import("../protocol/receipts.js").Receipt} Receipt */
/** @typedef {import("../protocol/receipts.js").Sheet} Sheet */
/** @typedef {"waiting" | "sent" | "stored" | "backed_up" | "quarantined"} ReceiptState */

const MOST_SHEETS = 100;

/**
 * Keep another node's sheet.
 * @param {Log} log
 * @param {Sheet} sheet
 */
export function keepSheet(log, { hash, hub, number, payload, signature }) {
  if (!log.get(`sheet/${hash}`)) log.set(`sheet/${hash}`, { issuer: hub, sheet: number, payload, signature });
}

/**
 * Keep headquarters' receipt for a change. It decides what counts: the author's own view must not
 * differ from it.
 *
 * @param {Log} log
 * @param {Receipt} receipt
 * @param {string} sheet hash of the sheet
 */
export function addReceipt(log, receipt, sheet) {
  const { hash, state, code, hub_seq, received_at } = receipt;
  log.set(`receipt/${hash}`, { state, code, hub_seq, received_at, sheet });
  log.alter(hash, { held: true });
  if (log.entry(hash)?.row.state !== state) log.alter(hash, { state, code });
}

/**
 * Keep a relay's receipt: it carries the change, headquarters may not have it yet.
 *
 * @param {Log} log
 * @param {Receipt} receipt
 * @param {Sheet} sheet
 */
export function addSent(log, { hash, received_at }, sheet) {
  log.set(`sent/${hash}`, { state: "sent", relay: sheet.hub, received_at, sheet: sheet.hash });
}

/**
 * Note that headquarters holds a device's changes up to a number, and none after it.
 *
 * @param {Log} log
 * @param {string} device
 * @param {number} seq
 */
export function markHeldUpto(log, device, seq) {
  for (const entry of log.ofDevice(device)) log.alter(entry.hash, { held: entry.seq <= seq });
}

/**
 * Headquarters was restored: what it holds must be asked again.
 * @param {Log} log
 */
export function doubtHeld(log) {
  for (const { hash } of log.entries()) log.alter(hash, { held: false });
}

/**
 * How many changes wait for headquarters.
 * @param {Log} log
 */
export function countUnreceived(log) {
  return log.entries().filter(({ row }) => !row.held).length;
}

/**
 * What headquarters is not known to hold, in an order in which it can be taken: its own words
 * first, as they say who is enrolled and assigned; then this device's, then those of others that a
 * restored headquarters lacks; each change after those that it builds on.
 *
 * @param {Log} log
 * @param {Iterable<string>} without devices
 * @returns {Entry[]}
 */
export function unreceived(log, without) {
  const apart = new Set(without);
  const hubs = new Set(log.hubs().map(({ device }) => device));
  const own = log.meta("profile").device;
  const rank = (/** @type {Entry} */ { device }) => (hubs.has(device) ? 0 : device === own ? 1 : 2);
  const left = log
    .entries()
    .filter(({ row, device }) => !row.held && !apart.has(device))
    .sort((a, b) => rank(a) - rank(b) || compare(a.device, b.device) || a.seq - b.seq);
  const waiting = new Map(left.map((entry) => [entry.hash, entry]));
  /** @type {Entry[]} */
  const ordered = [];
  for (const entry of left) placeAfterItsOwn(entry, waiting, ordered);
  return ordered;
}

/**
 * @param {Entry} entry
 * @param {Map<string, Entry>} waiting those that have no place yet
 * @param {Entry[]} ordered
 */
function placeAfterItsOwn(entry, waiting, ordered) {
  const stack = [entry];
  while (stack.length > 0) {
    const last = stack[stack.length - 1];
    const before = [last.prev, ...last.parents].map((hash) => waiting.get(hash)).find((one) => one !== undefined);
    if (before) {
      stack.push(before);
      continue;
    }
    stack.pop();
    if (waiting.delete(last.hash)) ordered.push(last);
  }
}

/**
 * Sheets of hubs before the present one with receipts of these changes, as they travel.
 *
 * @param {Log} log
 * @param {Iterable<string>} hashes
 * @returns {{payload: string, signature: string}[]}
 */
export function formerSheets(log, hashes) {
  const present = log.meta("hub_device");
  const names = new Set([...hashes].map((hash) => log.get(`receipt/${hash}`)?.sheet));
  return [...names]
    .map((name) => log.get(`sheet/${name}`))
    .filter((sheet) => sheet && sheet.issuer !== present && log.device(sheet.issuer)?.role === HUB)
    .sort((a, b) => a.sheet - b.sheet)
    .slice(0, MOST_SHEETS)
    .map(({ payload, signature }) => ({ payload, signature }));
}

/**
 * Where a change is on its way.
 *
 * @param {{get(name: string): any}} rows
 * @param {string} hash
 * @param {boolean} held
 * @param {number} backedUp number up to which headquarters has backed up
 * @returns {ReceiptState}
 */
export function receiptState(rows, hash, held, backedUp) {
  const receipt = rows.get(`receipt/${hash}`);
  if (receipt?.state === "quarantined") return "quarantined";
  if (held && receipt && receipt.hub_seq <= backedUp) return "backed_up";
  if (held) return "stored";
  return rows.get(`sent/${hash}`) ? "sent" : "waiting";
}

/**
 * @param {string} one
 * @param {string} other
 */
function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}

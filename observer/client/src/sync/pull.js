/**
 * The receiving end of a pull: what headquarters gives to this device, page after page. Twin of
 * `sync/pull.py`.
 *
 * Each page is one transaction: its changes, its receipts, what is to be forgotten, and the cursor
 * behind it. A cut between pages resumes there; a page that comes twice changes nothing.
 */

import { keptHash, readErased } from "../protocol/change.js";
import { Refusal } from "../protocol/errors.js";
import { addReceipt, keepSheet } from "./receipts.js";
import { HUB, RELAY } from "./registry.js";
import { believe, keepBackedUp, nothingPulled, readAnySheet } from "./trust.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {import("./trust.js").Pulled} Pulled */

const PAGE = 200;
const NOT_WHAT_STAYS =
  "What should be left of an erased change is not what its erasure says. Nothing of it was taken. " +
  "Tell headquarters.";

/**
 * Fetch everything that headquarters has for this device since the last time.
 *
 * @param {Log} log
 * @param {import("./transport.js").Transport} transport
 * @param {() => string} now
 * @returns {Promise<Pulled>}
 * @throws {Refusal} not reached or refused: what came by then is kept; `new_epoch`: sign in again;
 *   `forged_receipt`: something is signed by nobody known here
 */
export async function pull(log, transport, now) {
  const found = nothingPulled();
  let more = true;
  while (more) {
    const answer = await transport.get("pull", { cursor: log.meta("cursor") ?? "", limit: PAGE });
    await log.transaction(() => keepPage(log, answer, now, found));
    found.head = { seq: Number(answer.head?.seq ?? 0), hash: String(answer.head?.hash ?? "") };
    more = answer.more === true;
  }
  return found;
}

/**
 * @param {Log} log
 * @param {Record<string, any>} answer
 * @param {() => string} now
 * @param {Pulled} found
 */
async function keepPage(log, answer, now, found) {
  keepBackedUp(log, answer);
  const sheets = await Promise.all(
    listOf(answer.receipts).map((wire) => readAnySheet(log, wire, [RELAY, HUB])),
  );
  const items = listOf(answer.changes);
  await believe(log, items.filter((item) => "payload" in item), now, found);
  for (const item of items) if ("envelope" in item) await keepEnvelope(log, item, now());
  for (const { sheet, receipts, fromHub } of sheets) {
    keepSheet(log, sheet);
    const isFormer = log.device(sheet.hub)?.role === HUB;
    for (const receipt of receipts) {
      // A hub that was replaced signed for what its successor may not have: only where that says
      // that it holds the change does the receipt still count.
      const counts = fromHub || (isFormer && log.holds(receipt.hash));
      if (counts && log.entry(receipt.hash)) addReceipt(log, receipt, sheet.hash);
    }
  }
  for (const record of listOf(answer.forget)) {
    if (log.forget(String(record))) found.forgotten.push(String(record));
  }
  log.setMeta({ cursor: String(answer.cursor) });
}

/**
 * A change without its content: erased, or quarantined by headquarters. That it is erased is
 * believed only because a signed erasure names it. Neither gives a value.
 *
 * @param {Log} log
 * @param {Record<string, any>} item
 * @param {string} at
 */
async function keepEnvelope(log, item, at) {
  const [envelope, signature, hash] = [item.envelope, item.signature, item.hash].map(String);
  const code = item.code ? String(item.code) : null;
  const erased = log.registry.erased.get(hash);
  if (log.entry(hash) || (!erased && !code)) return;
  // An erasure of before this was kept names nothing.
  if (erased?.kept && erased.kept !== (await keptHash(envelope, signature))) {
    throw new Refusal("forged_receipt", NOT_WHAT_STAYS);
  }
  const change = await readErased(envelope, signature, hash);
  if (!log.hashAt(change.device, change.seq) && log.device(change.device)) {
    log.append(change, { code, at, held: true });
  }
}

/**
 * @param {unknown} value
 * @returns {any[]}
 */
function listOf(value) {
  return Array.isArray(value) ? value : [];
}

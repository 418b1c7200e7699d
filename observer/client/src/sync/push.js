/**
 * The sending end: push what headquarters is not known to hold, keep the receipts, say what became.
 * Twin of `sync/push.py`.
 *
 * The receipt is stored before anything else happens with a change. An unknown outcome means: send
 * again, which is harmless.
 */

import { utf8 } from "../protocol/bytes.js";
import { Refusal } from "../protocol/errors.js";
import { Pace } from "./pace.js";
import { addReceipt, addSent, countUnreceived, formerSheets, keepSheet, markHeldUpto, unreceived } from "./receipts.js";
import { believe, keepBackedUp, readAnySheet } from "./trust.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {import("./log.js").Entry} Entry */
/** @typedef {import("../protocol/receipts.js").Receipt} Receipt */
/** @typedef {{seq: number, code: string, error: string, status: number, retry: boolean}} Stop */
/**
 * What a push did.
 *
 * @typedef {object} Pushed
 * @property {number} sent new at headquarters
 * @property {number} known were there
 * @property {number} carried lie with a relay
 * @property {Receipt[]} quarantined
 * @property {Record<string, Stop>} stopped by device: from which number on nothing was taken
 */

export const MAX_CHANGES = 100;
const ROOM = 950_000; // bytes of changes and sheets, before packing; a body may have 1,000,000
const FIRST = 16_000; // bytes of changes sent at once, before packing, on an unknown network
const LEAST = 4_000;
const BESIDES = 200; // bytes of signature and quotes

/** One push, batch after batch. */
export class Pushing {
  /** @type {Pushed} */
  report = { sent: 0, known: 0, carried: 0, quarantined: [], stopped: {} };
  /** @type {Set<string>} */
  #carried = new Set();
  /** @type {Set<string>} */
  #gaps = new Set();

  /**
   * @param {Log} log
   * @param {import("./transport.js").Transport} transport
   * @param {() => string} now
   */
  constructor(log, transport, now) {
    this.log = log;
    this.transport = transport;
    this.now = now;
    this.pace = new Pace(log.rows, "pace_text", { first: FIRST, least: LEAST, most: ROOM });
  }

  /**
   * Push until nothing waits that could still be taken.
   *
   * @param {(done: number, total: number) => void} [progress]
   * @returns {Promise<Pushed>}
   * @throws {Refusal} not reached or refused: what had a receipt by then keeps it; `new_epoch`: the
   *   hub was restored since; `forged_receipt`: receipts do not carry the hub's signature
   */
  async run(progress = () => {}) {
    this.log.refresh();
    const total = countUnreceived(this.log);
    let done = 0;
    progress(done, total);
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      const size = batch.reduce((sum, entry) => sum + sizeOf(entry), 0);
      const body = this.#body(batch);
      const answer = await this.pace.sending(size, () => this.transport.post("push", body));
      const settled = await this.log.transaction(() => this.#settle(answer, batch));
      done += settled;
      progress(done, Math.max(total, done));
      if (settled === 0 && Object.keys(answer.stopped ?? {}).length === 0) {
        throw new Refusal("forged_receipt", "Headquarters answered without receipts. Nothing is lost; retry.");
      }
    }
    return this.report;
  }

  /** @param {Entry[]} batch */
  #body(batch) {
    const body = { changes: batch.map(wireOf) };
    if (this.log.hubs().length < 2) return body;
    // Headquarters was restored: how these were judged before is signed for.
    return { ...body, receipts: formerSheets(this.log, batch.map(({ hash }) => hash)) };
  }

  /** @returns {Entry[]} */
  #next() {
    this.log.refresh();
    const restored = this.log.hubs().length > 1;
    /** @type {Entry[]} */
    const batch = [];
    const sheets = new Set();
    const enrolled = new Set();
    let size = 0;
    let beside = 0;
    for (const entry of unreceived(this.log, Object.keys(this.report.stopped))) {
      if (this.#carried.has(entry.hash)) continue;
      size += sizeOf(entry);
      const sheet = restored ? this.log.get(`receipt/${entry.hash}`)?.sheet : undefined;
      if (sheet && !sheets.has(sheet)) beside += sizeOfText(this.log.get(`sheet/${sheet}`)?.payload ?? "");
      const full = batch.length === MAX_CHANGES || size > this.pace.size || size + beside > ROOM;
      if (batch.length > 0 && full) break;
      // What a device wrote is taken once its record is there.
      if (enrolled.has(entry.device)) break;
      if (entry.kind === "device") enrolled.add(entry.record);
      sheets.add(sheet);
      batch.push(entry);
    }
    return batch;
  }

  /**
   * Keep what an answer brought.
   *
   * @param {Record<string, any>} answer
   * @param {Entry[]} batch
   * @returns {Promise<number>} how many of the batch are settled
   */
  async #settle(answer, batch) {
    // First the epoch: receipts of a hub that is not known yet cannot be read.
    keepBackedUp(this.log, answer);
    const asked = new Set(batch.map(({ hash }) => hash));
    const known = new Set(answer.known ?? []);
    /** @type {Set<string>} */
    const settled = new Set();
    // A relay shows the record by which headquarters made it one.
    await believe(this.log, answer.relay ?? [], this.now);
    for (const wire of answer.receipts ?? []) {
      const { sheet, receipts, fromHub } = await readAnySheet(this.log, wire);
      keepSheet(this.log, sheet);
      for (const receipt of receipts) {
        if (!asked.has(receipt.hash)) continue;
        settled.add(receipt.hash);
        if (fromHub) this.#received(receipt, sheet.hash, known.has(receipt.hash));
        else this.#lent(receipt, sheet);
      }
    }
    this.#ownOfHub(batch, known, settled);
    this.#stop(answer);
    return settled.size;
  }

  /**
   * Headquarters signs no receipts for what it wrote itself; that it knows it is enough.
   *
   * @param {Entry[]} batch
   * @param {Set<unknown>} known
   * @param {Set<string>} settled
   */
  #ownOfHub(batch, known, settled) {
    const hubs = new Set(this.log.hubs().map(({ device }) => device));
    for (const { hash, device } of batch) {
      if (!hubs.has(device) || !known.has(hash) || settled.has(hash)) continue;
      this.log.alter(hash, { held: true });
      settled.add(hash);
      this.report.known += 1;
    }
  }

  /**
   * @param {Receipt} receipt
   * @param {import("../protocol/receipts.js").Sheet} sheet
   */
  #lent(receipt, sheet) {
    addSent(this.log, receipt, sheet);
    if (this.#carried.has(receipt.hash)) return;
    this.#carried.add(receipt.hash);
    this.report.carried += 1;
  }

  /**
   * @param {Receipt} receipt
   * @param {string} sheet
   * @param {boolean} known
   */
  #received(receipt, sheet, known) {
    addReceipt(this.log, receipt, sheet);
    if (this.#carried.delete(receipt.hash)) this.report.carried -= 1;
    if (receipt.state === "quarantined") this.report.quarantined.push(receipt);
    else if (known) this.report.known += 1;
    else this.report.sent += 1;
  }

  /** @param {Record<string, any>} answer */
  #stop(answer) {
    for (const [device, stop] of Object.entries(answer.stopped ?? {})) {
      const { seq, hash } = answer.heads?.[device] ?? {};
      if (stop.code === "gap" && !this.#gaps.has(device) && Number.isSafeInteger(seq)) {
        // What was believed to be there is not: send from its head on, once.
        this.#gaps.add(device);
        // Of a chain with another change at its head, nothing is known to be there.
        const same = seq === 0 || this.log.hashAt(device, seq) === hash;
        markHeldUpto(this.log, device, same ? seq : 0);
      } else {
        this.report.stopped[device] = stop;
      }
    }
  }
}

/** @param {Entry} entry */
function sizeOf({ row }) {
  return sizeOfText(row.payload ?? row.envelope ?? "") + BESIDES;
}

/** @param {string} text */
function sizeOfText(text) {
  return utf8(JSON.stringify(text)).length;
}

/**
 * As it travels; of an erased change only its envelope does.
 * @param {Entry} entry
 */
function wireOf({ hash, row: { payload, envelope = "", signature } }) {
  return payload === undefined ? { envelope, signature, hash } : { payload, signature };
}

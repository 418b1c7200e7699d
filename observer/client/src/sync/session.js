/**
 * A whole conversation of a device with headquarters: sign in, send, fetch, and say how it went.
 * Twin of `sync/session.py` and `observer/sending.py`.
 *
 * Text goes before files. Being signed out, offline or refused is a state that is kept and shown;
 * it never keeps anybody from writing. After a fork the device goes on as a new one.
 */

import { fromB64url } from "../protocol/bytes.js";
import { now as clock } from "../protocol/clock.js";
import { wire } from "../protocol/change.js";
import { Refusal } from "../protocol/errors.js";
import { DeviceKey, fingerprint } from "../protocol/keys.js";
import { tokenBody } from "./enrol.js";
import { adopt, askWhatIsHeld } from "./epochs.js";
import { Files } from "./files.js";
import { Log } from "./log.js";
import { pull } from "./pull.js";
import { Pushing } from "./push.js";
import { draftAgain, renew } from "./renewal.js";
import { Canceled } from "./transport.js";
import { nothingPulled } from "./trust.js";

/** @typedef {import("../records/records.js").Records} Records */
/** @typedef {import("../store/rows.js").Rows} Rows */
/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {(done: number, total: number) => void} Progress */
/**
 * How the last conversation ended; `code` is that of the error, empty when all went well.
 *
 * @typedef {object} Condition
 * @property {string} code
 * @property {string} message
 * @property {boolean} portal whether something else than headquarters answered
 * @property {string} at
 * @property {string} last_good_at
 */
/**
 * What a conversation did; kept as `meta/last_exchange`.
 *
 * @typedef {object} Exchange
 * @property {string} at
 * @property {number} sent changes that are new at headquarters
 * @property {number} known that were there already
 * @property {number} carried that lie with a relay
 * @property {import("../protocol/receipts.js").Receipt[]} quarantined
 * @property {Record<string, import("./push.js").Stop>} stopped by device
 * @property {Record<string, number>} new how many changes came in, by kind of record
 * @property {string[]} forgotten records that went out of sight
 * @property {string[]} unread codes of what came in and could not be read
 * @property {boolean} behind headquarters has changes of this device that are not here
 * @property {boolean} newEpoch headquarters had been restored, and was followed
 * @property {boolean} renewed this goes on as a new device
 */

const ROUNDS = 3;
const LOCK = "sync";
const NOT_SIGNED_IN = new Set(["signed_out", "new_epoch", "unknown_device"]);
/** Devices that converse in this program now. @type {Set<Rows>} */
const conversing = new Set();
/** The index over a store's changes is made once, and then kept up. @type {WeakMap<Records, Log>} */
const logs = new WeakMap();

export class Session {
  /** How many changes there were when text was last sent. */
  #count = 0;

  /**
   * @param {{records: Records, rows: Rows, transport: Transport, files?: Files, now?: () => string, locks?: LockManager}} parts
   */
  constructor({ records, rows, transport, files, now = clock, locks = globalThis.navigator?.locks }) {
    this.records = records;
    this.rows = rows;
    this.transport = transport;
    this.now = now;
    this.locks = locks;
    this.log = logs.get(records) ?? new Log(rows, (writing) => records.keepPulled(writing));
    logs.set(records, this.log);
    this.files = files ?? new Files(this.log);
  }

  /**
   * Send and fetch; what was done when an error comes stays done.
   *
   * @param {{progress?: Progress, signal?: AbortSignal | null}} [how] `signal` ends it early, to be resumed
   * @returns {Promise<Exchange>}
   * @throws {Refusal} as `meta/condition` tells afterwards; `sync_running`: another one is under way
   */
  async run({ progress = () => {}, signal = null } = {}) {
    return this.#alone(async () => {
      this.transport.signal = signal;
      try {
        const found = await this.#whole(progress);
        await this.#remember(null, found);
        return found;
      } catch (error) {
        // Where that cannot be written either, the first reason is the one to tell.
        await this.#remember(error).catch(() => {});
        throw error;
      } finally {
        this.transport.signal = null;
      }
    });
  }

  /** @param {Progress} progress */
  async #whole(progress) {
    if (this.log.meta("successor")) await this.#renew();
    await draftAgain(this.log, this.records, this.now);
    const found = await this.#converse(progress);
    const { device } = this.log.meta("profile");
    if (found.stopped[device]?.code !== "fork" && !found.behind) return found;
    await this.#renew();
    return { ...(await this.#converse(progress)), renewed: true };
  }

  async #renew() {
    try {
      // Without signing in: the old device may be revoked already, when an answer was lost.
      await renew(this.log, this.records, this.transport, this.now);
    } catch (error) {
      if (!NOT_SIGNED_IN.has(String(/** @type {{code?: string}} */ (error).code))) throw error;
      // It was for another headquarters: this one was restored since.
      await this.#follow();
      await renew(this.log, this.records, this.transport, this.now);
    }
    // The old device's opens nothing any more.
    this.transport.token = "";
  }

  /** Sign in: that follows a headquarters that was restored, and shows it the device's record. */
  async #follow() {
    try {
      await this.signIn();
    } catch (error) {
      // Renewed before the backup: it lets in no more, but its successor can be told again.
      if (/** @type {{code?: string}} */ (error).code !== "device_revoked") throw error;
    }
  }

  /**
   * @param {Progress} progress
   * @returns {Promise<Exchange>}
   */
  async #converse(progress) {
    let newEpoch = false;
    for (let round = 1; ; round++) {
      try {
        if (!this.transport.token) newEpoch = (await this.signIn()) || newEpoch;
        const pushed = await new Pushing(this.log, this.transport, this.now).run(progress);
        const pulled = await pull(this.log, this.transport, this.now);
        const behind = this.#isBehind(pulled.head);
        this.#count = this.log.entries().length;
        if (!behind) await this.files.exchange(this.transport, () => this.#text(progress));
        return this.#told(pushed, pulled, { behind, newEpoch });
      } catch (error) {
        const { code } = /** @type {{code?: string}} */ (error);
        // A token may outlive what is known of its device, at a relay or a restored headquarters.
        if (!NOT_SIGNED_IN.has(String(code))) throw error;
        this.transport.token = "";
        if (round === ROUNDS) throw error;
      }
    }
  }

  /**
   * What was written while a file is on its way does not wait for it.
   * @param {Progress} progress
   */
  async #text(progress) {
    this.log.refresh();
    const count = this.log.entries().length;
    if (count !== this.#count) await new Pushing(this.log, this.transport, this.now).run(progress);
    this.#count = count;
  }

  /**
   * Whether headquarters has a last change of this device that is not here: then this is an older
   * copy of it, and what it wrote next would be a fork.
   * @param {{seq: number, hash: string}} head
   */
  #isBehind({ seq, hash }) {
    return seq > 0 && this.log.hashAt(this.log.meta("profile").device, seq) !== hash;
  }

  /**
   * Get a fresh token.
   *
   * @returns {Promise<boolean>} whether headquarters had been restored and was followed
   * @throws {Refusal} not reached, or refused
   */
  async signIn() {
    let moved = false;
    /** @type {{records?: object[]}} */
    let records = {};
    for (let round = 1; ; round++) {
      const { mission, device } = this.log.meta("profile");
      const key = await DeviceKey.load(fromB64url(this.log.meta("key")));
      const hub = await fingerprint(this.log.meta("hub_key"));
      const body = await tokenBody({ hub, mission, device, key, at: this.now() });
      try {
        this.transport.token = String((await this.transport.post("token", { ...body, ...records })).token);
        if (moved) await askWhatIsHeld(this.log, this.transport);
        return moved;
      } catch (error) {
        if (!(error instanceof Refusal) || round === ROUNDS + 1) throw error;
        if (error.code === "unknown_device" && !records.records) {
          // Enrolled after the backup that was restored: its record is kept here.
          records = { records: this.#ownRecord(device) };
        } else if (error.code === "new_epoch" && (await adopt(this.log, error.answer?.succession))) {
          moved = true;
        } else {
          throw error;
        }
      }
    }
  }

  /**
   * What a headquarters said of this device, as it travels.
   * @param {string} device
   */
  #ownRecord(device) {
    const hubs = new Set(this.log.hubs().map((hub) => hub.device));
    return this.records.changesOf(device).filter((change) => hubs.has(change.device)).map(wire);
  }

  /**
   * @param {import("./push.js").Pushed} pushed
   * @param {import("./trust.js").Pulled} pulled
   * @param {{behind: boolean, newEpoch: boolean}} more
   * @returns {Exchange}
   */
  #told(pushed, pulled, more) {
    const { new: found, forgotten, skipped } = pulled ?? nothingPulled();
    const unread = skipped.map(({ code }) => code);
    return { at: this.now(), ...pushed, new: found, forgotten, unread, ...more, renewed: false };
  }

  /**
   * @param {any} error
   * @param {Exchange} [found]
   */
  async #remember(error, found) {
    // Who stopped it knows; that is no condition of the connection.
    if (error instanceof Canceled) return;
    const at = this.now();
    /** @type {Condition | undefined} */
    const before = this.log.meta("condition");
    /** @type {Condition} */
    const condition = {
      code: error ? String(error.code ?? "error") : "",
      message: error ? String(error.message) : "",
      portal: error?.portal === true,
      at,
      last_good_at: error ? (before?.last_good_at ?? "") : at,
    };
    await this.log.transaction(() => {
      this.log.setMeta(found ? { condition, last_exchange: found } : { condition });
    });
  }

  /**
   * One conversation at a time, in this tab and in all others.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #alone(work) {
    const running = () => new Refusal("sync_running", "Another window is sending already. It will finish by itself.");
    if (conversing.has(this.rows)) throw running();
    conversing.add(this.rows);
    try {
      if (!this.locks) return await work();
      return await this.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
        if (!lock) throw running();
        return work();
      });
    } finally {
      conversing.delete(this.rows);
    }
  }
}

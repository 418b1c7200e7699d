/**
 * The sending end for files: what headquarters lacks of one's own, resumed wherever it was cut.
 * Twin of `sync/files.py`.
 *
 * Comes after all text. What is wrong with a file is remembered beside it and stops no other; what
 * is wrong with the connection or the device ends the conversation.
 */

import { sha256Hex } from "../protocol/bytes.js";
import { HASH_TEXT } from "../protocol/envelope.js";
import { NotReached, Refusal } from "../protocol/errors.js";
import { fold } from "../protocol/fold.js";
import { Pace } from "./pace.js";
import { HubRefused } from "./transport.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {import("./transport.js").Transport} Transport */
/**
 * The row of a file, `file/<sha256>`.
 *
 * @typedef {object} FileRow
 * @property {string} row of its content
 * @property {number} size bytes
 * @property {"here" | "sending" | "received" | "refused" | "original"} [state] `sending`: `offset`
 *   bytes are at headquarters; `refused` for good; `original`: never sent
 * @property {number} [offset]
 * @property {string} [code] of the last error, empty when there was none
 * @property {string} [message]
 * @property {string} [epoch] of the headquarters that received or refused it
 */
/** @typedef {{sha256: string, size: number, record: string}} Blob */

const CHUNK = 1 << 19; // bytes sent at once; what is lost at most when the network is
const FIRST = 1 << 12; // bytes sent at once on a network that is not known yet
const LEAST = 1 << 11;
const TRIES = 4; // for one file in one conversation
// What is said of the device or the conversation, and not of one file.
const OF_ALL = new Set(["device_expired", "device_revoked", "new_epoch", "signed_out", "unknown_device"]);
// A relay may know no such call: files wait for headquarters itself.
const NO_FILES = new Set(["not_found", "method_not_allowed"]);
const DAMAGED = "The file on this device is damaged. Add it again.";

export class Files {
  /** @param {Log} log */
  constructor(log) {
    this.log = log;
    this.pace = new Pace(log.rows, "pace_files", { first: FIRST, least: LEAST, most: CHUNK });
  }

  /**
   * Send what headquarters lacks of one's files, resuming where it stopped.
   *
   * @param {Transport} transport
   * @param {() => Promise<void>} text sends what was written while a file is on its way
   * @throws {Refusal} not reached, or the device is refused; what was sent is kept
   */
  async exchange(transport, text) {
    this.log.refresh();
    for (const { sha256 } of this.#gone()) await this.#drop(sha256);
    for (const blob of this.waiting()) {
      try {
        await this.#send(transport, blob, text);
      } catch (error) {
        if (!(error instanceof HubRefused) || OF_ALL.has(error.code)) throw error;
        if (NO_FILES.has(error.code)) return;
        await this.#trouble(blob, error, !error.retry);
      }
    }
  }

  /**
   * The files of this author that are here and that headquarters is not known to have.
   * @returns {Blob[]}
   */
  waiting() {
    const { author } = this.log.meta("profile");
    const epoch = this.log.meta("epoch");
    /** @type {Map<string, Blob>} */
    const found = new Map();
    for (const blob of this.#named(author)) {
      const row = this.#row(blob.sha256);
      const settled = row && ["received", "refused"].includes(row.state ?? "") && row.epoch === epoch;
      // What a photo was made from stays here.
      if (row && row.state !== "original" && !settled && !found.has(blob.sha256)) found.set(blob.sha256, blob);
    }
    return [...found.values()];
  }

  /**
   * The files that attachments of the author name, those that were withdrawn apart.
   *
   * @param {string} author
   * @returns {Blob[]}
   */
  #named(author) {
    /** @type {Map<string, any[]>} */
    const records = new Map();
    for (const { hash, parents, author: by, recorded_at, record, kind, row } of this.log.entries()) {
      if (kind !== "attachment" || by !== author || !row.payload || row.state !== "stored") continue;
      const { set } = JSON.parse(row.payload);
      const changes = records.get(record) ?? [];
      records.set(record, [...changes, { hash, parents, author: by, recorded_at, set, counts: true }]);
    }
    return [...records].flatMap(([record, changes]) => {
      const { sha256, size, withdrawn } = fold(changes).values;
      const sound = typeof sha256 === "string" && HASH_TEXT.test(sha256) && Number.isSafeInteger(size);
      return sound && !withdrawn ? [{ sha256, size, record }] : [];
    });
  }

  /** Files that only erased changes name. */
  #gone() {
    const named = new Set(this.#named(this.log.meta("profile").author).map(({ sha256 }) => sha256));
    return this.log.rows
      .names("meta/erased/")
      .map((name) => ({ sha256: name.slice("meta/erased/".length) }))
      .filter(({ sha256 }) => !named.has(sha256) && this.#row(sha256));
  }

  /** @param {string} sha256 */
  async #drop(sha256) {
    const row = this.#row(sha256);
    if (row) await this.log.rows.dropFile(row.row);
  }

  /**
   * @param {Transport} transport
   * @param {Blob} blob
   * @param {() => Promise<void>} text
   */
  async #send(transport, blob, text) {
    const row = this.#row(blob.sha256);
    const bytes = row && (await this.#bytes(row));
    if (!bytes || (await sha256Hex(bytes)) !== blob.sha256) {
      await this.#trouble(blob, new Refusal("bad_blob", DAMAGED), true);
      return;
    }
    for (let left = TRIES - 1; ; left--) {
      try {
        await this.#sendFrom(transport, blob, bytes, text);
        return;
      } catch (error) {
        const { code } = /** @type {{code?: string}} */ (error);
        if ((code !== "wrong_offset" && code !== "bad_blob") || left === 0) throw error;
      }
    }
  }

  /** @param {FileRow} row */
  async #bytes(row) {
    try {
      return await this.log.rows.file(row.row);
    } catch (error) {
      if (error instanceof Refusal && error.code === "no_such_file") return null;
      throw error;
    }
  }

  /**
   * @param {Transport} transport
   * @param {Blob} blob
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {() => Promise<void>} text
   */
  async #sendFrom(transport, blob, bytes, text) {
    const call = `blobs/${blob.sha256}`;
    let offset = Number((await transport.head(call)).get("Upload-Offset") ?? 0);
    while (offset < blob.size) {
      await this.#remember(blob.sha256, { state: "sending", offset, code: "", message: "", epoch: "" });
      const piece = bytes.slice(offset, offset + this.pace.size);
      if (piece.length === 0) {
        throw new HubRefused({ code: "bad_blob", error: "The record names another size than the file has." });
      }
      const there = await this.pace.sending(piece.length, () => transport.patch(call, piece, offset));
      const end = Number(there.get("Upload-Offset") ?? 0);
      if (end <= offset) {
        throw new NotReached("Headquarters did not keep what was sent. It is tried again later.");
      }
      offset = end;
      await text();
    }
    const epoch = this.log.meta("epoch");
    await this.#remember(blob.sha256, { state: "received", offset, code: "", message: "", epoch });
  }

  /**
   * @param {Blob} blob
   * @param {Refusal} error
   * @param {boolean} forGood
   */
  async #trouble({ sha256 }, { code, message }, forGood) {
    const state = forGood ? "refused" : (this.#row(sha256)?.state ?? "here");
    const epoch = forGood ? this.log.meta("epoch") : "";
    await this.#remember(sha256, { state, code, message, epoch });
  }

  /**
   * @param {string} sha256
   * @param {Partial<FileRow>} values
   */
  async #remember(sha256, values) {
    const row = this.#row(sha256);
    if (row) await this.log.rows.write({ put: [[`file/${sha256}`, { ...row, ...values }]] });
  }

  /**
   * @param {string} sha256
   * @returns {FileRow | undefined}
   */
  #row(sha256) {
    return this.log.rows.get(`file/${sha256}`);
  }
}

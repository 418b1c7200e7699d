/**
 * Sound from the microphone, in parts: each part is kept as soon as it is whole, so that a phone that
 * gives up loses ten minutes at most. Nothing is played, and the microphone is asked for only when
 * somebody taps.
 */

import { Refusal } from "../protocol/errors.js";

const PART = 10 * 60_000; // milliseconds
const BITS = 32_000; // a second; speech stays clear, and an hour has 15 MB
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** Whether this browser can record. */
export function canRecord() {
  return typeof MediaRecorder === "function" && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** One recording, from the tap that begins it to the one that ends it. */
export class Recording {
  /** @type {MediaRecorder | null} */
  #recorder = null;
  #timer = 0;
  /** Parts that are whole and not on disk yet. @type {Blob[]} */
  #parts = [];
  /** @type {Promise<unknown>} */
  #kept = Promise.resolve();

  /**
   * @param {MediaStream} stream
   * @param {(part: Blob) => Promise<unknown>} keep takes in a part that is whole
   */
  constructor(stream, keep) {
    this.stream = stream;
    this.keep = keep;
    /** Milliseconds since 1970. */
    this.begunAt = Date.now();
    /** Whether the microphone is off again. */
    this.ended = false;
    /** Why a part could not be kept; `null` when all were. @type {unknown} */
    this.error = null;
    // A call that comes in, or the person, may take the microphone away.
    for (const track of stream.getTracks()) track.addEventListener("ended", () => void this.end().catch(() => {}));
    this.#begin();
  }

  /**
   * Ask for the microphone and begin.
   *
   * @param {(part: Blob) => Promise<unknown>} keep
   * @returns {Promise<Recording>}
   * @throws {Refusal} `no_microphone`: it was not allowed, or there is none
   */
  static async begin(keep) {
    try {
      return new Recording(await navigator.mediaDevices.getUserMedia({ audio: true, video: false }), keep);
    } catch (cause) {
      throw new Refusal("no_microphone", "The microphone may not be used.", { cause });
    }
  }

  #begin() {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    const recorder = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: BITS });
    /** @type {Blob[]} */
    const pieces = [];
    recorder.ondataavailable = ({ data }) => void (data.size && pieces.push(data));
    recorder.onstop = () => {
      if (pieces.length) this.#parts.push(new Blob(pieces, { type: recorder.mimeType }));
      void this.#keepAll();
    };
    recorder.start();
    this.#recorder = recorder;
    this.#timer = window.setTimeout(() => this.#next(), PART);
  }

  #next() {
    const before = this.#recorder;
    // The next begins first, so that no word falls between.
    this.#begin();
    before?.stop();
  }

  /** One part after another. What finds no room stays here, and is tried again with the next. */
  #keepAll() {
    this.#kept = this.#kept.then(async () => {
      try {
        for (let [part] = this.#parts; part; [part] = this.#parts) {
          await this.keep(part);
          this.#parts.shift();
        }
        this.error = null;
      } catch (error) {
        this.error = error;
      }
    });
    return this.#kept;
  }

  /**
   * End it, and give the microphone back; once more: try again to keep what could not be kept.
   *
   * @returns {Promise<void>} when all parts are kept
   * @throws {unknown} why one could not be kept; it stays in memory
   */
  async end() {
    this.ended = true;
    clearTimeout(this.#timer);
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder && recorder.state !== "inactive") {
      const stopped = new Promise((done) => recorder.addEventListener("stop", done, { once: true }));
      recorder.stop();
      await stopped;
    }
    for (const track of this.stream.getTracks()) track.stop();
    await this.#keepAll();
    if (this.error) throw this.error;
  }
}

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
    /** Why a part could not be kept; `null` when all were. @type {unknown} */
    this.error = null;
    // A call that comes in, or the person, may take the microphone away.
    for (const track of stream.getTracks()) track.addEventListener("ended", () => void this.end());
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
      if (pieces.length) this.#keep(new Blob(pieces, { type: recorder.mimeType }));
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

  /** @param {Blob} part */
  #keep(part) {
    this.#kept = this.#kept.then(() => this.keep(part)).catch((error) => (this.error = error));
  }

  /**
   * End it, and give the microphone back.
   *
   * @returns {Promise<void>} when the last part is kept
   * @throws {unknown} why a part could not be kept
   */
  async end() {
    clearTimeout(this.#timer);
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder && recorder.state !== "inactive") {
      const stopped = new Promise((done) => recorder.addEventListener("stop", done, { once: true }));
      recorder.stop();
      await stopped;
    }
    for (const track of this.stream.getTracks()) track.stop();
    await this.#kept;
    if (this.error) throw this.error;
  }
}

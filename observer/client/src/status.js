/** The line at the top: what is saved, what is unsent, what is wrong; and the bars below it. */

import { tellWritten } from "./windows.js";

/** What a person can do something about on this phone. */
const STORAGE = ["storage_full", "storage_lost", "storage_gone"];
const TRY_AGAIN = 3000; // milliseconds after a write that failed

export class Status {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {unknown} */
    this.error = null;
    /** Why the last write failed. @type {unknown} */
    this.unsaved = null;
    this.trying = 0;
    /** Whether the tab that took over is still to be told that all from here is on disk. */
    this.owing = false;
  }

  start() {
    this.app.saver.onstate(() => this.show());
    this.show();
    this.reader();
  }

  /** Say whether this window only reads. */
  reader() {
    const reader = document.getElementById("reader");
    if (reader) reader.hidden = !this.app.reading;
  }

  /** Say how it stands with what was written. */
  show() {
    const place = document.getElementById("saved");
    const { saver } = this.app;
    if (!place) return;
    place.classList.toggle("problem", saver.state === "failed");
    if (saver.state === "failed") {
      place.textContent = this.app.word("not_saved");
      this.unsaved = saver.error;
      this.tell(saver.error);
      this.#tryAgain();
    } else if (saver.state === "saving") {
      // At once: "saved" must never stand there while something is not.
      place.textContent = "…";
    } else {
      place.textContent = this.app.word("saved");
      // What is saved after all is not said to be unsaved any more.
      if (this.error === this.unsaved) this.clear();
      if (this.owing) tellWritten();
      this.owing = false;
    }
  }

  /** What is not saved is tried again by itself: who is in court does not look for a button. */
  #tryAgain() {
    clearTimeout(this.trying);
    this.trying = window.setTimeout(() => void this.app.saver.flush().catch(() => {}), TRY_AGAIN);
  }

  /** @param {unknown} error */
  tell(error) {
    if (!error) return;
    this.error = error;
    const place = document.getElementById("trouble");
    const { code = "", message = String(error) } = /** @type {{code?: string, message?: string}} */ (error);
    if (place) {
      place.textContent = this.app.frame.words[`error.${code}`] ?? message;
      place.hidden = false;
    }
    const remedy = document.getElementById("remedy");
    if (remedy) {
      // Before there is a mission, the other screens have nothing to show.
      remedy.hidden = !STORAGE.includes(code) || !this.app.profile;
    }
  }

  clear() {
    this.error = null;
    const place = document.getElementById("trouble");
    if (place) place.hidden = true;
    const remedy = document.getElementById("remedy");
    if (remedy) remedy.hidden = true;
  }

  /** Another tab took over writing. */
  lost() {
    const { app } = this;
    app.reading = true;
    if (app.records) app.records.readOnly = true;
    app.loop?.stop();
    this.reader();
    // What was typed here until now still goes to disk, and the other tab reads it there.
    this.owing = true;
    app.changed();
  }

  /** A new version lies ready. */
  update() {
    const bar = document.getElementById("update");
    if (bar) bar.hidden = false;
  }
}

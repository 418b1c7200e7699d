/** The line at the top: what is saved, what is unsent, what is wrong; and the bars below it. */

import { oldestUnsent, standings } from "./sync/standing.js";

/** What a person can do something about on this phone. */
const STORAGE = ["storage_full", "storage_lost"];

export class Status {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {unknown} */
    this.error = null;
    /** Why the last write failed. @type {unknown} */
    this.unsaved = null;
  }

  start() {
    this.app.saver.onstate(() => this.show());
    this.show();
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
    } else if (saver.state === "saving") {
      // At once: "saved" must never stand there while something is not.
      place.textContent = "…";
    } else {
      place.textContent = this.app.word("saved");
      // What is saved after all is not said to be unsaved any more.
      if (this.error === this.unsaved) this.clear();
    }
  }

  /** How much is only here, and since when. */
  unsent() {
    const found = standings(this.app.records).filter((each) => each.isHereOnly);
    return { count: found.length, since: oldestUnsent(this.app.records) };
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
    this.app.reading = true;
    this.app.records.readOnly = true;
    this.app.loop?.stop();
    this.start();
  }

  /** A new version lies ready. */
  update() {
    const bar = document.getElementById("update");
    if (bar) bar.hidden = false;
  }
}

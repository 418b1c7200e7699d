/** Carrying by hand: one encrypted file with all that headquarters lacks, and its passphrase, shown once. */

import { fill } from "../frame.js";
import { send } from "../records/cut.js";
import { loadOf, newPassphrase, writeBundle } from "../sync/bundle.js";
import { sizeText } from "./sizes.js";

/** @typedef {import("../app.js").App} App */

/** What was made, until one leaves. @type {{file: File, passphrase: string, saved: boolean} | null} */
let made = null;
let percent = -1;

/** @type {import("../frame.js").Screen} */
export const byHand = {
  name: "by_hand",

  enter(app, root) {
    const isBegin = !made && percent < 0;
    // Counting looks at every change, and is not needed while the file is made.
    const { written, files } = isBegin ? loadOf(app.rows) : { written: 0, files: [] };
    const drafts = isBegin && !app.reading ? app.records.unsent().length : 0;
    const waits = written + files.length + drafts > 0;
    const box = /** @type {HTMLInputElement} */ (root.querySelector("input[name=drafts]"));
    // Where there is nothing else to carry, that is what one came for.
    if (isBegin && !root.dataset.begun) box.checked = written === 0;
    root.dataset.begun = "";
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    fill(root, {
      what: app.word("load", { changes: written, files: files.length, size: sizeText(bytes, document.documentElement.lang), drafts }),
      hasDrafts: drafts > 0,
      waits,
      begin: isBegin,
      working: percent >= 0 ? app.word("making", { percent }) : "",
      made: made !== null,
      passphrase: made?.passphrase ?? "",
      size: made ? sizeText(made.file.size, document.documentElement.lang) : "",
      shareable: made !== null && mayShare(made.file),
      saved: made?.saved ? app.word("file_saved", { name: made.file.name }) : "",
    });
  },

  leave() {
    document.querySelector("[data-screen=by_hand]")?.removeAttribute("data-begun");
    // Shown once: who comes back makes another.
    made = null;
    percent = -1;
  },

  acts: {
    make: async ({ app, root }) => {
      const drafts = app.reading ? [] : app.records.unsent();
      const box = /** @type {HTMLInputElement} */ (root.querySelector("input[name=drafts]"));
      try {
        percent = 0;
        app.changed();
        await app.saver.flush();
        if (box.checked) await send(app.records, drafts.map(({ id }) => id));
        made = await make(app);
      } finally {
        percent = -1;
        app.changed();
      }
    },
    share: async ({ app }) => {
      if (!made) return;
      try {
        await navigator.share({ files: [made.file] });
        made.saved = true;
      } catch (error) {
        // Who closes the list of apps has not failed at anything.
        if (/** @type {Error} */ (error).name !== "AbortError") throw error;
      }
      app.changed();
    },
    save: ({ app }) => {
      if (!made) return;
      const address = URL.createObjectURL(made.file);
      const link = Object.assign(document.createElement("a"), { href: address, download: made.file.name });
      link.click();
      // The browser reads it a moment later.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      made.saved = true;
      app.changed();
    },
    done: ({ app }) => app.frame.show("headquarters"),
  },
};

/** @param {App} app */
async function make(app) {
  const passphrase = newPassphrase();
  const content = await writeBundle({
    passphrase,
    mission: app.profile.mission,
    madeAt: app.records.now(),
    load: loadOf(app.rows),
    open: (row) => app.rows.file(row),
    progress: (done, total) => {
      percent = total ? Math.floor((100 * done) / total) : 0;
      app.changed();
    },
  });
  // A name that tells neither what it is nor whose.
  const name = `${[...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}.bin`;
  return { file: new File([content], name, { type: "application/octet-stream" }), passphrase, saved: false };
}

/** @param {File} file */
function mayShare(file) {
  return typeof navigator.canShare === "function" && navigator.canShare({ files: [file] });
}

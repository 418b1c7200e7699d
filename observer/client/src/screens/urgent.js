/** Urgent for headquarters: who is at risk, what is asked, a few words, one button; then how far it is. */

import { fill } from "../frame.js";
import { giveNotice, keepForm, sendNotice, showForm, showNotices, wantedOf } from "./notice.js";
import { passageOf } from "./passage.js";
import { stopWatching } from "./watching.js";

const KIND = "urgent";
const RECENT = 12 * 3600 * 1000; // milliseconds
/** Whether another one is written while some are under way. */
let another = false;
/** Two taps are one notice. */
let isSending = false;

/** @type {import("../frame.js").Screen} */
export const urgent = {
  name: KIND,

  start: (app, root) => keepForm(app, root, KIND),

  enter(app, root, params) {
    const wanted = wantedOf(app, KIND, params);
    showForm(app, root, wanted);
    const found = showNotices(app, root, [KIND]);
    // Who waits for an answer comes back to look for it, and finds it first.
    const isUnderWay = found.some(({ id, values }) => !passageOf(app, id).acknowledged || Date.now() - Date.parse(values.opened_at) < RECENT);
    const emergency = String(app.records.all("mission")[0]?.values.emergency ?? "");
    fill(root, { writing: another || !isUnderWay || hasWords(wanted), any: found.length > 0, emergency, advice: Boolean(emergency) });
  },

  leave() {
    stopWatching();
    another = false;
  },

  acts: {
    send: async ({ app, root, params }) => {
      if (isSending) return;
      isSending = true;
      another = false;
      try {
        await giveNotice(app, KIND, wantedOf(app, KIND, params), params);
        scrollTo(0, 0);
        root.querySelector("h1")?.focus({ preventScroll: true }); // the button is gone
      } finally {
        isSending = false;
        app.changed();
      }
    },
    again: ({ app, key }) => sendNotice(app, key),
    another: ({ app }) => {
      another = true;
      app.changed();
    },
  },
};

/** @param {import("./notice.js").Wanted} wanted */
function hasWords({ persons, needs, text }) {
  return persons.length > 0 || needs.length > 0 || text.trim() !== "";
}

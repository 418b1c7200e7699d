/** Safe arrival in one tap, and incidents: what happened to an observer or in court, for headquarters. */

import { fill } from "../frame.js";
import { giveNotice, keepForm, placeOf, sendNotice, showForm, showNotices, wantedOf } from "./notice.js";
import { stopWatching } from "./watching.js";

const KIND = "incident";
const ARRIVAL = "safe_arrival";
let isSending = false;

/** @type {import("../frame.js").Screen} */
export const incident = {
  name: KIND,

  start: (app, root) => keepForm(app, root, KIND),

  enter(app, root, params) {
    const wanted = wantedOf(app, KIND, params);
    showForm(app, root, wanted);
    const found = showNotices(app, root, [KIND, ARRIVAL]);
    fill(root, { any: found.length > 0, wordless: !wanted.text.trim() });
  },

  leave: stopWatching,

  acts: {
    arrived: ({ app, params }) => once(app, () => giveNotice(app, ARRIVAL, { case: placeOf(app, params).case ?? "", persons: [], needs: [], text: "" }, params)),
    send: async ({ app, root, params }) => {
      const wanted = wantedOf(app, KIND, params);
      if (!wanted.text.trim() && !wanted.needs.length) return fill(root, { empty: true });
      fill(root, { empty: false });
      return once(app, () => giveNotice(app, KIND, wanted, params));
    },
    again: ({ app, key }) => sendNotice(app, key),
  },
};

/**
 * Two taps are one notice.
 * @param {import("../app.js").App} app
 * @param {() => Promise<unknown>} work
 */
async function once(app, work) {
  if (isSending) return;
  isSending = true;
  try {
    await work();
    scrollTo(0, 0);
  } finally {
    isSending = false;
    app.changed();
  }
}

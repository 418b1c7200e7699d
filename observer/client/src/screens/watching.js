/**
 * Who looks at a notice or a reply waits for an answer: then this phone asks headquarters more often than
 * it does by itself. Only while the screen is looked at, and never against a wait after a failure.
 */

/** Seconds until it is asked again: for the receipt of what is on its way, and for a person's answer. */
export const UNTIL_RECEIVED = 8;
export const UNTIL_ANSWERED = 20;
let timer = 0;

/**
 * Ask again after so many seconds, in place of what was asked for before.
 *
 * @param {import("../app.js").App} app
 * @param {number} seconds 0 for not at all
 */
export function watch(app, seconds) {
  clearTimeout(timer);
  if (!seconds || app.loop?.state.doing !== "resting") return;
  timer = window.setTimeout(() => {
    if (document.visibilityState === "visible") app.loop?.now();
  }, seconds * 1000);
}

/** Nobody looks any more. */
export function stopWatching() {
  clearTimeout(timer);
}

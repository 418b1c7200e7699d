/** Asking the browser to keep what is written. */

import { askToPersist } from "./store/health.js";

/**
 * Ask, and remember what the browser said.
 * @param {import("./app.js").App} app
 */
export async function keepPersisted(app) {
  const answer = await askToPersist();
  if (!app.reading) app.saver.set("meta/persisted", answer);
}

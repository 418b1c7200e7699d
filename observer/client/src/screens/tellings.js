/** The versions of a field, to choose from. */

import { rows } from "../frame.js";
import { isKept } from "./disputes.js";
import { momentText, telling, zoneOfRecord } from "./wording.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./disputes.js").Conflict} Conflict */

/**
 * The versions of a conflict as rows `telling`.
 *
 * @param {App} app
 * @param {HTMLElement} place
 * @param {Conflict} conflict
 */
export function showTellings(app, place, conflict) {
  const { record, path } = conflict;
  const zone = zoneOfRecord(app, record);
  rows(place, "telling", conflict.versions, ({ hash }) => hash, (version) => ({
    ...telling(app, record, path, version.value),
    author: version.author,
    own: version.author === app.profile?.author,
    at: momentText(version.recorded_at, zone),
    kept: isKept(conflict, version),
  }));
}

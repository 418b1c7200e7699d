/** Everything that was said of one answer or entry: by whom, when, and what of it is only here. */

import { fill, rows } from "../frame.js";
import { recordName } from "./names.js";
import { fieldName, loadWords, momentText, personOf, telling, zoneOfRecord } from "./wording.js";

/** @type {import("../frame.js").Screen} */
export const history = {
  name: "history",

  async enter(app, root, params) {
    const { record: id = "", path = "" } = params;
    const record = app.records.get(id);
    await loadWords(app, path);
    const zone = zoneOfRecord(app, record);
    const versions = app.records.history(id, path);
    rows(root, "version", versions, ({ hash }) => hash || "draft", ({ value, author, recorded_at, hash, own, draft }) => {
      const isThere = Boolean(app.rows.get(`receipt/${hash}`)) || (!draft && !own);
      return { ...telling(app, record, path, value), author, own, at: momentText(recorded_at, zone), draft, sent: !draft && !isThere, received: isThere };
    });
    fill(root, { where: recordName(app, record), field: fieldName(app, path), person: personOf(app, path), nothing: !versions.length });
  },
};

/**
 * Go to the history of a field.
 *
 * @param {import("../app.js").App} app
 * @param {Record<string, string>} params of the screen that one comes from
 * @param {string} record
 * @param {string} path
 */
export function showHistory(app, params, record, path) {
  return app.frame.show("history", { observation: params.observation ?? "", record, path });
}

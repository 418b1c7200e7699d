/** A record as its reader knows it: which case, which day, who by code. */

import { dayText } from "./courttime.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */

/**
 * @param {App} app
 * @param {RecordHere} record
 * @returns {string}
 */
export function recordName(app, { kind, values }) {
  const title = (/** @type {unknown} */ id) => String(app.records.find(String(id))?.values.title ?? "–");
  if (kind === "case") return app.word("name.case", { title: String(values.title ?? "–") });
  if (kind === "hearing") {
    const day = dayText(values.date, document.documentElement.lang) || "–";
    return app.word("name.hearing", { day, case: title(values.case) });
  }
  if (kind === "person") return `${values.code ?? "–"}, ${title(values.case)}`;
  if (kind === "incident") return `${app.frame.term("incident", values.kind)} ${values.code ?? ""}`.trim();
  if (kind === "query") return app.word("name.reply");
  const hearing = app.records.find(String(values.hearing));
  return app.word("name.observation", { hearing: hearing ? recordName(app, hearing) : "–" });
}

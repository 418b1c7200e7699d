/** What Today says first: what is only here, urgent notices under way, questions from headquarters, different versions. */

import { fill, rows } from "../frame.js";
import { WAITING_KINDS } from "../rules/incident.js";
import { ageText } from "./age.js";
import { allConflicts } from "./disputes.js";
import { passageOf } from "./passage.js";
import { unsentOf } from "./unsent.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {HTMLElement} root of Today
 */
export function attention(app, root) {
  const notices = app.records
    .all("incident")
    .filter(({ values }) => WAITING_KINDS.includes(values.kind))
    .map((record) => ({ record, passage: passageOf(app, record.id) }))
    .filter(({ passage }) => !passage.acknowledged)
    .reverse();
  rows(root, "notice", notices, ({ record }) => record.id, ({ record, passage }) => ({
    kind: app.frame.term("incident", record.values.kind),
    age: app.word("ago", { age: ageText(app, passage.savedAt) }),
    here: passage.reached !== "received" && passage.reached !== "apart",
    apart: passage.reached === "apart",
    unread: passage.reached === "received",
  }));
  const { count, since } = unsentOf(app);
  const queries = openQueries(app.records);
  rows(root, "query", queries, ({ id }) => id, ({ values }) => ({ question: values.question ?? "" }));
  const conflicts = allConflicts(app.records).filter(({ settled }) => !settled).length;
  fill(root, {
    unsent: count ? app.word(count === 1 ? "unsent_one" : "unsent", { count }) : app.word("all_sent"),
    age: since ? app.word("oldest", { age: ageText(app, since) }) : "",
    hasNotices: notices.length > 0,
    hasQueries: queries.length > 0,
    hasConflicts: conflicts > 0,
    conflicts: conflicts ? app.word(conflicts === 1 ? "conflict_one" : "conflicts", { count: conflicts }) : "",
  });
}

/**
 * The questions on one's own records that have no reply yet, oldest first.
 *
 * @param {Pick<import("../records/records.js").Records, "all">} records
 */
export function openQueries(records) {
  const mine = new Set(records.all("observation").map(({ id }) => id));
  return records
    .all("query")
    .filter(({ values }) => mine.has(String(values.observation)) && !Object.keys(values).some((path) => path.startsWith("reply/")));
}

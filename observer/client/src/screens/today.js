/** Today: the hearings, who else is assigned, next dates, and what is only on this phone. */

import { fill, rows } from "../frame.js";
import { dayText, partsAt } from "./courttime.js";

/** @typedef {import("../app.js").App} App */

/** @type {import("../frame.js").Screen} */
export const today = {
  name: "today",

  enter(app, root) {
    const { records } = app;
    const language = document.documentElement.lang;
    const mine = new Map(records.all("observation").map((each) => [String(each.values.hearing), each]));
    const hearings = records.all("hearing").sort((a, b) => String(b.values.date).localeCompare(String(a.values.date)));
    const day = partsAt(Date.now(), records.timeZone).day;
    const coming = hearings.filter((each) => String(each.values.date) >= day).reverse();
    /** @param {import("../records/record.js").RecordHere} hearing */
    const row = (hearing) => ({
      when: [dayText(hearing.values.date, language), hearing.values.scheduled_at].filter(Boolean).join(", "),
      title: records.find(String(hearing.values.case))?.values.title ?? "",
      room: [hearing.values.court, hearing.values.room].filter(Boolean).join(", "),
      others: othersText(app, hearing),
      state: stateText(app, mine.get(hearing.id)),
    });
    rows(root, "coming", coming, ({ id }) => id, row);
    rows(root, "past", hearings.filter((each) => String(each.values.date) < day), ({ id }) => id, row);
    rows(root, "next", nextDates(app, day), ({ id }) => id, ({ date, title }) => ({ date: dayText(date, language), title }));
    rows(root, "case", records.all("case"), ({ id }) => id, (each) => ({ name: String(each.values.title ?? "") }));
    void app.more().then(({ attention }) => attention(app, root), (error) => app.tell(error));
    fill(root, {
      author: app.profile?.author ?? "",
      nothing: !hearings.length,
      hasComing: coming.length > 0,
      hasPast: hearings.length > coming.length,
      hasNext: nextDates(app, day).length > 0,
      lost: app.rows.get("meta/persisted") === false,
    });
  },

  acts: {
    notice: ({ app, key }) => app.frame.show(app.records.get(key).values.kind === "urgent" ? "urgent" : "incident"),
  },
};

/**
 * Who else is assigned to a hearing or its case, by code.
 * @param {App} app
 * @param {import("../records/record.js").RecordHere} hearing
 */
export function othersText(app, hearing) {
  const codes = app.records
    .all("assignment")
    .filter(({ values }) => values.case === hearing.values.case && !values.ended_at && (!values.hearing || values.hearing === hearing.id))
    .map(({ values }) => String(values.author))
    .filter((code) => code !== app.profile?.author);
  return codes.length ? app.word("also_assigned", { codes: [...new Set(codes)].sort().join(", ") }) : "";
}

/**
 * @param {App} app
 * @param {import("../records/record.js").RecordHere | undefined} observation
 */
function stateText(app, observation) {
  if (!observation) return "";
  if (!observation.values.submitted_at) return app.word("draft");
  return app.word(Object.keys(observation.dirty).length ? "changed" : "submitted");
}

/**
 * The next dates that the court named, as answered in one's observations.
 * @param {App} app
 * @param {string} day today on the court's calendar
 */
function nextDates(app, day) {
  const known = new Set(app.records.all("hearing").map(({ values }) => `${values.case} ${values.date}`));
  return app.records
    .all("observation")
    .map(({ id, values }) => ({ id, case: String(values.case), date: String(values["answers/hearing.next_date"]?.value ?? "").slice(0, 10) }))
    .filter((each) => /^\d{4}-/.test(each.date) && each.date >= day && !known.has(`${each.case} ${each.date}`))
    .map((each) => ({ ...each, title: String(app.records.find(each.case)?.values.title ?? "") }));
}

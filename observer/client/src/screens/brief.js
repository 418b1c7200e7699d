/** The brief of a hearing: parties, the bench last time, requests still open, questions from headquarters. */

import { fill, rows } from "../frame.js";
import { now } from "../protocol/clock.js";
import { clockOf, dayText } from "./courttime.js";
import { openRequests, zoneOf } from "./log.js";
import { othersText } from "./today.js";
import { labelOf } from "./wording.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/record.js").RecordHere} Record */

const BENCH = ["hearing.bench"];

/** @type {import("../frame.js").Screen} */
export const brief = {
  name: "brief",

  async enter(app, root, params) {
    const hearing = app.records.get(params.hearing ?? "");
    const case_ = app.records.get(String(hearing.values.case));
    params.case = case_.id;
    const mine = app.records.all("observation").filter(({ values }) => values.hearing === hearing.id);
    const earlier = earlierSittings(app, hearing);
    rows(root, "party", app.records.ofCase("person", case_.id), ({ id }) => id, ({ values }) => ({ code: values.code, role: app.frame.term("role", values.role) }));
    rows(root, "request", earlier.flatMap(requestsOf), ([id]) => id, ([, entry, day, zone]) => ({ when: `${dayText(day, document.documentElement.lang)} ${clockOf(entry, zone)}`, words: entry.text }));
    rows(root, "query", questionsTo(app, [...mine, ...earlier.map((each) => each.observation)]), ({ id }) => id, ({ values }) => ({ question: values.question }));
    const bench = await benchText(app, earlier.at(-1));
    rows(root, "mine", mine, ({ id }) => id, ({ values }) => ({ attendance: app.frame.term("term", values.attendance?.value) }));
    fill(root, {
      when: [dayText(hearing.values.date, document.documentElement.lang), hearing.values.scheduled_at].filter(Boolean).join(", "),
      title: case_.values.title,
      room: [hearing.values.court, hearing.values.room].filter(Boolean).join(", "),
      others: othersText(app, hearing),
      bench,
      hasBench: bench !== "",
      begun: mine.length > 0,
      nobody: !app.records.ofCase("person", case_.id).length,
      hasRequests: earlier.flatMap(requestsOf).length > 0,
      hasQueries: questionsTo(app, [...mine, ...earlier.map((each) => each.observation)]).length > 0,
    });
  },

  acts: {
    observe: ({ app, root, params, element }) => {
      const hearing = app.records.get(params.hearing ?? "");
      const value = element.dataset.attendance ?? "observed";
      const mode = /** @type {HTMLInputElement | null} */ (root.querySelector("input[name=mode]:checked"))?.value ?? "full";
      const author = app.profile.author;
      const made = app.records.create("observation", {
        case: hearing.values.case,
        hearing: hearing.id,
        checklist: app.sections.checklist.sha256,
        mode,
        observed_by: author,
        entered_by: author,
        attendance: value === "not_admitted" ? { value, by: element.dataset.by ?? "other" } : { value },
        started_at: now(),
      });
      return app.frame.show(value === "observed" ? "log" : "submit", { hearing: hearing.id, observation: made });
    },
    open: ({ app, params, key, element }) => app.frame.show(element.dataset.to ?? "log", { hearing: params.hearing ?? "", observation: key }),
  },
};

/**
 * One's sittings in earlier hearings of the case, oldest first.
 * @param {App} app
 * @param {Record} hearing
 */
function earlierSittings(app, hearing) {
  return app.records
    .all("observation")
    .filter(({ values }) => values.case === hearing.values.case && values.hearing !== hearing.id)
    .map(({ id }) => app.records.sitting(id))
    .filter((each) => String(each.hearing.values.date) <= String(hearing.values.date))
    .sort((a, b) => String(a.hearing.values.date).localeCompare(String(b.hearing.values.date)));
}

/**
 * @param {import("../records/sitting.js").Sitting} sitting
 * @returns {[string, any, string, string][]}
 */
function requestsOf(sitting) {
  return openRequests(sitting).map(([id, entry]) => [id, entry, String(sitting.hearing.values.date), zoneOf(sitting)]);
}

/**
 * What headquarters asked about one's records and was not answered.
 * @param {App} app
 * @param {Record[]} observations
 */
export function questionsTo(app, observations) {
  const ids = new Set(observations.map(({ id }) => id));
  return app.records
    .all("query")
    .filter(({ values }) => ids.has(String(values.observation)) && !Object.keys(values).some((path) => path.startsWith("reply/")));
}

/**
 * @param {App} app
 * @param {import("../records/sitting.js").Sitting | undefined} sitting
 */
async function benchText(app, sitting) {
  if (!sitting) return "";
  const judges = sitting.people.filter(({ values }) => values.role === "judge").map(({ values }) => String(values.code));
  const said = [];
  for (const id of BENCH) {
    const item = sitting.checklist.items.get(id);
    const value = item && sitting.holder(id).values[`answers/${id}`]?.value;
    if (!item || value === undefined || value === null) continue;
    await app.sections.load(item.section);
    said.push(labelOf(app, item, value));
  }
  return [judges.join(", "), ...said].filter(Boolean).join("; ");
}

/**
 * How far a notice is on its way to a person at headquarters. Each step is told only when this phone
 * knows of it: saved here, passed on, received (headquarters signed for it), acknowledged by somebody.
 */

import { ACKNOWLEDGED } from "../rules/incident.js";
import { standingOf } from "../sync/standing.js";
import { partsAt } from "./courttime.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */
/**
 * @typedef {object} Passage
 * @property {string} savedAt when it was written here
 * @property {"unsent" | "waiting" | "passed" | "received" | "apart"} reached `unsent`: not signed yet; `waiting`:
 *   ready, only here; `passed`: a relay has it; `apart`: headquarters
 *   could not take it
 * @property {string} receivedAt headquarters' time; empty before
 * @property {{by: string, at: string, words: string} | null} acknowledged
 */

/**
 * @param {Pick<App, "records" | "rows">} app
 * @param {string} id of the incident
 * @returns {Passage}
 */
export function passageOf(app, id) {
  const record = app.records.get(id, "incident");
  const [first] = app.records.changesOf(id);
  const acknowledged = acknowledgementOf(app.records.all("review"), id);
  return {
    savedAt: String(record.values.opened_at ?? ""),
    // Who acknowledged it has it, also where the receipt was lost on the way.
    reached: acknowledged ? "received" : reachedBy(standingOf(app.records, record).states),
    receivedAt: String(app.rows.get(`receipt/${first?.hash}`)?.received_at ?? ""),
    acknowledged,
  };
}

/**
 * @param {readonly import("../sync/standing.js").State[]} states
 * @returns {Passage["reached"]}
 */
function reachedBy(states) {
  if (states.includes("quarantined") || states.includes("refused")) return "apart";
  if (states.includes("draft")) return "unsent";
  if (states.includes("waiting")) return "waiting";
  return states.includes("sent") ? "passed" : "received";
}

/**
 * Who at headquarters acknowledged an incident, the latest if several.
 *
 * @param {RecordHere[]} reviews
 * @param {string} incident
 */
export function acknowledgementOf(reviews, incident) {
  const found = reviews
    .filter(({ values }) => values.incident === incident && values.decision === ACKNOWLEDGED)
    .map(({ values, sent }) => ({ by: String(values.by ?? ""), at: String(sent.origins.decision?.recorded_at ?? ""), words: String(values.comment ?? "") }));
  return found.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1) ?? null;
}

/**
 * What `shell/passage.html` shows.
 *
 * @param {App} app
 * @param {string} id
 * @returns {Record<string, any>}
 */
export function passageValues(app, id) {
  const { savedAt, reached, receivedAt, acknowledged } = passageOf(app, id);
  const isThere = reached === "received";
  const loop = app.loop?.state;
  const isSaved = app.saver.state === "saved";
  return {
    saved: isSaved,
    saving: !isSaved,
    savedAt: timeText(app, savedAt),
    passed: reached === "passed",
    received: isThere,
    receivedAt: timeText(app, receivedAt),
    apart: reached === "apart",
    unsent: reached === "unsent",
    sending: reached === "waiting" && loop?.doing === "running",
    waiting: reached === "waiting" && loop?.doing !== "running",
    unread: isThere && !acknowledged,
    acknowledged: acknowledged !== null,
    by: acknowledged?.by ?? "",
    acknowledgedAt: timeText(app, acknowledged?.at ?? ""),
    words: acknowledged?.words ?? "",
    here: !isThere && reached !== "apart",
  };
}

/**
 * A time on the mission's clock, with the day when it is not today's.
 *
 * @param {App} app
 * @param {string} at RFC 3339
 */
export function timeText(app, at) {
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return "";
  const zone = app.records.timeZone;
  const { day, time } = partsAt(instant, zone);
  return day === partsAt(Date.now(), zone).day ? time : `${day} ${time}`;
}

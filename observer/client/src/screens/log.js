/** The log: one tap stamps the time, the words come after. */

import { fill, rows } from "../frame.js";
import { now } from "../protocol/clock.js";
import { uuid7 } from "../protocol/ids.js";
import { RETURNED, lateEntries, phoneGaps } from "../rules/late.js";
import { atCourt, clockOf, partsAt } from "./courttime.js";
import { heading } from "./heading.js";

const REQUESTS = ["request", "objection"];
const UNDO = 8000; // milliseconds that a stamp can be undone in one tap
/** @type {{id: string, timer: number} | null} */
let fresh = null;
let ticking = 0;

/** @type {import("../frame.js").Screen} */
export const log = {
  name: "log",

  enter(app, root, params) {
    const sitting = app.sitting(params);
    heading(app, root, sitting);
    const zone = zoneOf(sitting);
    const entries = [...sitting.entries].reverse();
    const late = lateEntries(sitting.observation.values);
    const answered = new Set(entries.map(([, entry]) => entry.re).filter(Boolean));
    const gaps = new Map(phoneGaps(sitting.observation.values).map((gap) => [gap.until, gap]));
    const texts = new Map(sitting.entries);
    rows(root, "entry", entries, ([id]) => id, ([id, entry]) => ({
      time: clockOf(entry, zone),
      kind: app.frame.term("kind", entry.kind),
      words: entry.text,
      speaker: entry.speaker ? `(${entry.speaker})` : "",
      source: entry.basis === "reported_by_source" ? app.frame.term("term", entry.basis) : "",
      without: entry.kind === RETURNED ? app.word("away_for", { time: durationText(gaps.get(entry.at)) }) : "",
      late: late.has(id),
      open: REQUESTS.includes(entry.kind) && !answered.has(id),
      re: texts.has(entry.re) ? `↳ ${clockOf(texts.get(entry.re), zone)} ${texts.get(entry.re)?.text ?? ""}` : "",
    }));
    const gap = phoneGaps(sitting.observation.values).at(-1);
    fill(root, { nothing: !entries.length, undo: fresh !== null, away: Boolean(gap && !gap.until), writeup: isWriteUp(app, params) });
    tick(app, root, sitting);
  },

  leave() {
    clearInterval(ticking);
    ticking = 0;
  },

  acts: {
    stamp: ({ app, params, element }) => {
      const id = stamp(app, params, String(element.dataset.kind));
      if (fresh) clearTimeout(fresh.timer);
      fresh = { id, timer: window.setTimeout(() => ((fresh = null), app.changed()), UNDO) };
      if (isWriteUp(app, params)) return app.frame.show("write", { ...params, entry: id });
    },
    undo: ({ app, params }) => {
      if (fresh) app.records.edit("observation", params.observation ?? "", { [`log/${fresh.id}`]: null });
      fresh = null;
    },
    write: ({ app, params, key }) => app.frame.show("write", { observation: params.observation ?? "", entry: key }),
    writeup: ({ app, params, element }) => {
      app.saver.set(`meta/writeup/${params.observation}`, /** @type {HTMLInputElement} */ (element).checked || null);
      app.changed();
    },
  },
};

/**
 * How long the phone was away, as `1:05`.
 * @param {import("../rules/late.js").Gap | undefined} gap
 */
function durationText(gap) {
  const minutes = gap?.until ? Math.round((Date.parse(gap.until) - Date.parse(gap.from)) / 60000) : 0;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** @param {import("../records/sitting.js").Sitting} sitting */
export function zoneOf(sitting) {
  return String(sitting.hearing.values.time_zone ?? "UTC");
}

/**
 * Whether the hearing is written up later: then times are those that one remembers.
 * @param {import("../app.js").App} app
 * @param {Record<string, string>} params
 */
export function isWriteUp(app, params) {
  return Boolean(app.saver.get(`meta/writeup/${params.observation}`));
}

/**
 * An entry with the time of now; its id.
 * @param {import("../app.js").App} app
 * @param {Record<string, string>} params
 * @param {string} kind
 */
export function stamp(app, params, kind) {
  const at = now();
  const id = uuid7();
  const sitting = app.sitting(params);
  const later = isWriteUp(app, params);
  const entry = { text: "", kind, basis: "observed_fact", at, at_precision: later ? "order_only" : "exact", entered_at: at, via: "direct", quote: kind === "quotation", about: [], items: [] };
  const open = openRequests(sitting);
  if (kind === "ruling" && open.length === 1) Object.assign(entry, { re: open[0]?.[0] });
  if (later) entry.at = lastMoment(sitting) ?? courtMidnight(sitting);
  app.records.edit("observation", sitting.observation.id, { [`log/${id}`]: entry });
  return id;
}

/** @param {import("../records/sitting.js").Sitting} sitting */
function lastMoment(sitting) {
  return sitting.entries.at(-1)?.[1].at;
}

/** @param {import("../records/sitting.js").Sitting} sitting */
function courtMidnight(sitting) {
  return atCourt(String(sitting.hearing.values.date), "00:00", zoneOf(sitting));
}

/**
 * Requests without a ruling, oldest first.
 * @param {import("../records/sitting.js").Sitting} sitting
 */
export function openRequests(sitting) {
  const answered = new Set(sitting.entries.map(([, entry]) => entry.re).filter(Boolean));
  return sitting.entries.filter(([id, entry]) => REQUESTS.includes(entry.kind) && !answered.has(id));
}

/**
 * The court's clock, and how long the hearing has been running.
 * @param {import("../app.js").App} app
 * @param {HTMLElement} root
 * @param {import("../records/sitting.js").Sitting} sitting
 */
function tick(app, root, sitting) {
  const show = () => {
    const instant = Date.now();
    const running = runningSince(sitting);
    const minutes = running === null ? 0 : Math.max(0, Math.floor((instant - running) / 60000));
    fill(root, {
      clock: partsAt(instant, zoneOf(sitting)).time,
      running: running === null ? "" : app.word("running", { time: `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}` }),
    });
  };
  show();
  clearInterval(ticking);
  ticking = window.setInterval(show, 10000);
}

/** @param {import("../records/sitting.js").Sitting} sitting */
function runningSince(sitting) {
  /** @type {number | null} */
  let since = null;
  for (const [, entry] of sitting.entries) {
    if (entry.kind === "start" || entry.kind === "resume") since ??= Date.parse(entry.at);
    if (entry.kind === "end") since = null;
  }
  return since;
}

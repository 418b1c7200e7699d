/** A question of headquarters on one field of one's record. The reply is a new log entry beside what stands there. */

import { fill, rows } from "../frame.js";
import { now } from "../protocol/clock.js";
import { uuid7 } from "../protocol/ids.js";
import { send } from "../records/cut.js";
import { atCourt, clockOf } from "./courttime.js";
import { heading } from "./heading.js";
import { showHistory } from "./history.js";
import { zoneOf } from "./log.js";
import { UNTIL_RECEIVED, stopWatching, watch } from "./watching.js";
import { fieldName, itemOf, loadWords, momentText, personOf, telling } from "./wording.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */
/** @typedef {import("../records/sitting.js").Sitting} Sitting */

/** Whether one more reply is written. */
let another = false;

/** @type {import("../frame.js").Screen} */
export const query = {
  name: "query",

  start: keepReply,

  leave() {
    stopWatching();
    another = false;
  },

  async enter(app, root, params) {
    const asked = app.records.get(params.query ?? "", "query");
    params.observation = String(asked.values.observation);
    const sitting = app.sitting(params);
    heading(app, root, sitting);
    const path = String(asked.values.field ?? "");
    await loadWords(app, path);
    showAsked(app, root, sitting, asked, path);
    const replies = repliesOf(sitting, asked);
    const isThere = (/** @type {string} */ id) => Boolean(app.rows.get(`receipt/${asked.sent.origins[`reply/${id}`]?.hash}`));
    rows(root, "reply", replies, ([id]) => id, ([id, entry]) => ({ words: entry.text, at: momentText(entry.entered_at, zoneOf(sitting)), received: isThere(id) }));
    watch(app, replies.every(([id]) => isThere(id)) ? 0 : UNTIL_RECEIVED);
    const draft = app.saver.get(`meta/reply/${asked.id}`) ?? { text: "", basis: "observed_fact" };
    const form = /** @type {HTMLFormElement} */ (root.querySelector("form"));
    const text = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
    if (text !== document.activeElement) text.value = draft.text;
    /** @type {RadioNodeList} */ (form.elements.namedItem("basis")).value = draft.basis;
    fill(root, { answered: replies.length > 0, writing: another || !replies.length || draft.text !== "", along: Boolean(sitting.observation.values.submitted_at) && Object.keys(sitting.observation.dirty).length > 0 });
    if (draft.text) fill(root, { empty: false });
  },

  acts: {
    reply: async ({ app, root, params, element }) => {
      const data = new FormData(/** @type {HTMLFormElement} */ (element));
      const words = String(data.get("text") ?? "").trim();
      fill(root, { empty: !words });
      if (!words) return;
      another = false;
      await reply(app, params.query ?? "", words, String(data.get("basis") ?? "observed_fact"));
      /** @type {HTMLFormElement} */ (element).reset();
    },
    another: ({ app }) => {
      another = true;
      app.changed();
    },
    history: ({ app, params }) => {
      const { record, path } = askedField(app, params);
      return showHistory(app, params, record.id, path);
    },
    open: ({ app, params }) => {
      const { path } = askedField(app, params);
      const observation = params.observation ?? "";
      const item = itemOf(app, path);
      if (item) return app.frame.show("checklist", { observation, section: item.section, item: item.id });
      return app.frame.show(path.startsWith("log/") ? "write" : "log", { observation, entry: path.split("/")[1] ?? "", fresh: "no" });
    },
  },
};

/**
 * The log entries that reply to a question, in the order of writing.
 *
 * @param {Sitting} sitting
 * @param {RecordHere} asked
 */
export function repliesOf(sitting, asked) {
  return sitting.entries.filter(([, entry]) => entry.prompted_by === asked.id).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * @param {App} app
 * @param {Record<string, string>} params
 */
function askedField(app, params) {
  const path = String(app.records.get(params.query ?? "", "query").values.field ?? "");
  const sitting = app.sitting(params);
  const item = itemOf(app, path);
  return { path, record: item ? sitting.holder(item.id) : sitting.observation };
}

/**
 * @param {App} app
 * @param {HTMLElement} root
 * @param {Sitting} sitting
 * @param {RecordHere} asked
 * @param {string} path
 */
function showAsked(app, root, sitting, asked, path) {
  const { record } = askedField(app, { observation: sitting.observation.id, query: asked.id });
  const value = record.values[path];
  const log = new Map(sitting.entries);
  const entries = (itemOf(app, path) ? (value?.entries ?? []) : []).filter((/** @type {string} */ id) => log.has(id));
  rows(root, "entry", entries, (id) => id, (id) => {
    const entry = log.get(id) ?? {};
    return { time: clockOf(entry, zoneOf(sitting)), kind: app.frame.term("kind", entry.kind), words: entry.text };
  });
  const { words, comment } = telling(app, record, path, value ?? null);
  fill(root, {
    question: asked.values.question ?? "",
    by: asked.values.asked_by ?? "",
    askedAt: momentText(asked.sent.origins.question?.recorded_at ?? "", zoneOf(sitting)),
    asked: path !== "",
    field: fieldName(app, path),
    person: personOf(app, path),
    value: words,
    comment,
  });
}

/**
 * Keep what is written whenever it is changed.
 *
 * @param {App} app
 * @param {HTMLElement} root
 */
function keepReply(app, root) {
  root.addEventListener("input", (event) => {
    const form = event.target instanceof Element ? event.target.closest("form") : null;
    const id = app.frame.place.params.query;
    if (!form || !id || app.reading) return;
    const data = new FormData(form);
    app.saver.set(`meta/reply/${id}`, { text: String(data.get("text") ?? ""), basis: String(data.get("basis")) });
  });
}

/**
 * Reply by a new entry of the log, and send both.
 *
 * @param {App} app
 * @param {string} id of the question
 * @param {string} text
 * @param {string} basis
 */
export async function reply(app, id, text, basis) {
  const { records } = app;
  const asked = records.get(id, "query");
  const sitting = records.sitting(String(asked.values.observation));
  const entry = replyEntry(sitting, asked, text, basis);
  const made = uuid7();
  records.edit("observation", sitting.observation.id, { [`log/${made}`]: entry });
  records.edit("query", id, { [`reply/${made}`]: { entry: made, text, at: entry.entered_at } });
  app.saver.set(`meta/reply/${id}`, null);
  await send(records, [sitting.observation.id, id]);
  app.loop?.now();
}

/**
 * The entry of a reply. Its place is that of what the question is about; when exactly in the hearing
 * it was is for the observer to say in words.
 *
 * @param {Sitting} sitting
 * @param {RecordHere} asked
 * @param {string} text
 * @param {string} basis
 */
export function replyEntry(sitting, asked, text, basis) {
  const [group, name = "", person = ""] = String(asked.values.field ?? "").split("/");
  const holder = group === "answers" ? sitting.holder(name) : sitting.observation;
  const value = holder.values[String(asked.values.field)];
  const log = new Map(sitting.entries);
  const beside = group === "log" ? value : log.get(value?.entries?.[0] ?? "");
  const at = beside?.at ?? sitting.entries.at(-1)?.[1].at ?? atCourt(String(sitting.hearing.values.date), "00:00", zoneOf(sitting));
  return {
    ...{ text, kind: "note", basis, at, at_precision: "order_only", entered_at: now(), via: "direct", quote: false },
    about: group === "answers" && person ? [person] : [...(group === "log" ? (beside?.about ?? []) : [])],
    items: group === "answers" ? [name] : [...(group === "log" ? (beside?.items ?? []) : [])],
    prompted_by: asked.id,
  };
}

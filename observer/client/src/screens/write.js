/** One log entry: its words, time, speaker and how one knows. Each field is saved as it is written. */

import { fill, rows } from "../frame.js";
import { now } from "../protocol/clock.js";
import { atCourt, clockOf, partsAt } from "./courttime.js";
import { heading } from "./heading.js";
import { showHistory } from "./history.js";
import { zoneOf } from "./log.js";

const NAMES = ["text", "kind", "at_precision", "speaker", "re", "basis", "via"];

/** @type {import("../frame.js").Screen} */
export const write = {
  name: "write",

  start(app, root) {
    formOf(root).addEventListener("input", () => {
      try {
        keep(app, root);
      } catch (error) {
        app.tell(error);
      }
    });
  },

  enter(app, root, params) {
    const sitting = app.sitting(params);
    const entry = entryOf(sitting, params);
    if (!entry) return app.frame.show("log", { observation: params.observation ?? "" });
    heading(app, root, sitting);
    const zone = zoneOf(sitting);
    const at = Date.parse(entry.at);
    const form = formOf(root);
    const requests = sitting.entries.filter(([id, each]) => id !== params.entry && ["request", "objection"].includes(each.kind));
    rows(root, "request", requests, ([id]) => id, ([id, each], row) => {
      /** @type {HTMLOptionElement} */ (row).value = id;
      return { request: `${clockOf(each, zone)} ${each.text ?? ""}`.slice(0, 60) };
    });
    rows(root, "person", sitting.people, ({ id }) => id, (person, row) => {
      const box = /** @type {HTMLInputElement} */ (row.querySelector("input"));
      box.value = person.id;
      box.checked = (entry.about ?? []).includes(person.id);
      return { code: `${person.values.code ?? ""} ${app.frame.term("role", person.values.role)}` };
    });
    for (const name of NAMES) set(form, name, entry[name] ?? "");
    set(form, "time", entry.at_precision === "order_only" || Number.isNaN(at) ? "" : partsAt(at, zone).time);
    const quote = /** @type {HTMLInputElement} */ (form.elements.namedItem("quote"));
    quote.checked = Boolean(entry.quote);
    fill(root, { time: clockOf(entry, zone), kind: app.frame.term("kind", entry.kind), ruling: entry.kind === "ruling" || Boolean(entry.re), unquotable: quote.checked && !mayQuote(entry) });
    if (params.fresh !== "no") {
      params.fresh = "no";
      /** @type {HTMLElement} */ (form.elements.namedItem("text")).focus();
    }
  },

  acts: {
    done: ({ app, params }) => app.frame.show("log", { observation: params.observation ?? "" }),
    history: ({ app, params }) => showHistory(app, params, app.sitting(params).observation.id, `log/${params.entry}`),
    attach: ({ app, params }) => app.frame.show("files", { observation: params.observation ?? "", entry: params.entry ?? "" }),
    withdraw: ({ app, params }) => {
      const { observation } = app.sitting(params);
      const path = `log/${params.entry}`;
      const before = observation.values[path];
      const gone = path in observation.sent.values ? { ...before, withdrawn: { reason: "taken back", at: now() } } : null;
      app.records.edit("observation", observation.id, { [path]: gone });
      return app.frame.show("log", { observation: observation.id });
    },
  },
};

/**
 * @param {import("../app.js").App} app
 * @param {HTMLElement} root
 */
function keep(app, root) {
  const { params } = app.frame.place;
  const sitting = app.sitting(params);
  const before = entryOf(sitting, params);
  if (!before) return;
  const data = new FormData(formOf(root));
  const entry = { ...before, text: String(data.get("text") ?? ""), quote: data.has("quote"), about: data.getAll("about").map(String) };
  for (const name of ["kind", "basis", "via"]) entry[name] = String(data.get(name) ?? before[name]);
  for (const name of ["speaker", "re"]) {
    delete entry[name];
    if (data.get(name)) entry[name] = String(data.get(name));
  }
  const time = String(data.get("time") ?? "");
  const zone = zoneOf(sitting);
  if (time && time !== partsAt(Date.parse(before.at), zone).time) entry.at = atCourt(String(sitting.hearing.values.date), time, zone);
  const precision = String(data.get("at_precision") ?? "exact");
  // Who writes a time knows it, about or exactly.
  entry.at_precision = time && precision === "order_only" && before.at_precision === "order_only" ? "about" : precision;
  app.records.edit("observation", sitting.observation.id, { [`log/${params.entry}`]: entry });
}

/** @param {any} entry */
function mayQuote(entry) {
  return entry.via === "direct" && entry.basis === "observed_fact";
}

/**
 * @param {import("../records/sitting.js").Sitting} sitting
 * @param {Record<string, string>} params
 */
function entryOf(sitting, params) {
  return sitting.observation.values[`log/${params.entry}`];
}

/** @param {HTMLElement} root */
function formOf(root) {
  return /** @type {HTMLFormElement} */ (root.querySelector("form"));
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {unknown} value
 */
function set(form, name, value) {
  const field = /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name));
  if (field && field !== document.activeElement) field.value = String(value);
}


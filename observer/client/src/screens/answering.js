/** Answering: what stands in a slot becomes the draft of an answer, as soon as it is changed. */

import { now } from "../protocol/clock.js";
import { uuid7 } from "../protocol/ids.js";
import { checkValue } from "../rules/answers.js";
import { exclude, fieldIn, valueIn } from "./slot.js";

/** @typedef {import("../records/sitting.js").Sitting} Sitting */
/** @typedef {import("../app.js").App} App */

/** @param {Element} element */
export function slotItem(element) {
  return /** @type {HTMLElement | null} */ (element.closest("[data-item]"))?.dataset.item ?? "";
}

/** @param {Element} element */
export function slotAt(element) {
  const slot = /** @type {HTMLElement} */ (element.closest(".slot"));
  return { slot, path: slot.dataset.path ?? "", item: slotItem(element) };
}

/**
 * Write a part of an answer to the draft; an answer that says nothing is taken out.
 * @param {App} app
 * @param {Sitting} sitting
 * @param {string} item
 * @param {string} path
 * @param {Record<string, any>} part
 */
export function give(app, sitting, item, path, part) {
  const holder = sitting.holder(item);
  const before = holder.values[path] ?? {};
  const answer = { value: null, entries: [], comment: "", ...before, ...part, answered_at: now() };
  const empty = answer.value === null && !answer.comment && !answer.entries.length;
  app.records.edit(holder.kind, holder.id, { [path]: empty ? null : answer });
}

/**
 * Something in a question was changed: save it as it is now.
 * @param {App} app
 * @param {HTMLInputElement} input
 */
export function answered(app, input) {
  const { slot, path, item: id } = slotAt(input);
  const sitting = app.sitting(app.frame.place.params);
  const item = sitting.checklist.items.get(id);
  if (!item) return;
  exclude(slot, input);
  const value = valueIn(slot, item);
  const wrong = checkValue(item, value).length > 0;
  complain(app, slot, wrong ? item.answer : "");
  const before = sitting.holder(id).values[path] ?? {};
  const words = fieldIn(slot, `entry/${path}`).trim();
  const entries = [...(before.entries ?? [])];
  if (words && input.name === `entry/${path}`) {
    entries.push(note(app, sitting, id, path, words));
    input.value = "";
  }
  give(app, sitting, id, path, { ...(wrong ? {} : { value }), comment: fieldIn(slot, `comment/${path}`).trim(), entries });
}

/**
 * @param {App} app
 * @param {Sitting} sitting
 * @param {string} item
 * @param {string} path
 * @param {string} text
 */
function note(app, sitting, item, path, text) {
  const at = now();
  const person = path.split("/")[2];
  const id = uuid7();
  const entry = { text, kind: "note", basis: "observed_fact", at, at_precision: "about", entered_at: at, via: "direct", items: [item], about: person ? [person] : [] };
  app.records.edit("observation", sitting.observation.id, { [`log/${id}`]: entry });
  return id;
}

/**
 * Say beside a slot what does not fit.
 * @param {App} app
 * @param {HTMLElement} slot
 * @param {string} kind of answer, empty when nothing is wrong
 */
function complain(app, slot, kind) {
  const place = slot.querySelector("[data-complaint]");
  if (!(place instanceof HTMLElement)) return;
  place.hidden = !kind;
  place.textContent = kind ? app.word(`complaint.${kind}`) : "";
}

/**
 * Listen for answers; once.
 * @param {App} app
 * @param {HTMLElement} root
 */
export function listen(app, root) {
  root.addEventListener("change", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement) || !input.closest(".slot")) return;
    try {
      answered(app, /** @type {HTMLInputElement} */ (input));
    } catch (error) {
      app.tell(error);
    }
  });
  const opened = (/** @type {Event} */ event) => {
    const details = event.target;
    if (details instanceof HTMLDetailsElement && details.matches(".evidence") && details.open) void app.frame.refresh();
  };
  root.addEventListener("toggle", opened, true);
}

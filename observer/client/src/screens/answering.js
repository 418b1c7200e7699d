/** Answering: what stands in a slot becomes the draft of an answer, as soon as it is changed. */

import { now } from "../protocol/clock.js";
import { uuid7 } from "../protocol/ids.js";
import { checkValue } from "../rules/answers.js";
import { exclude, fieldIn, valueIn } from "./slot.js";

/** @typedef {import("../records/sitting.js").Sitting} Sitting */
/** @typedef {import("../app.js").App} App */

const TAPPED = ["radio", "checkbox"];

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

/** Entries whose words are still being typed, by the field. @type {WeakMap<HTMLInputElement, string>} */
const writing = new WeakMap();

/**
 * Something in a question was changed: save it as it is now.
 * @param {App} app
 * @param {HTMLInputElement} input
 * @param {boolean} typing whether more may follow: half a date is no complaint yet, and is kept when it is whole
 */
export function answered(app, input, typing) {
  const { slot, path, item: id } = slotAt(input);
  const sitting = app.sitting(app.frame.place.params);
  const item = sitting.checklist.items.get(id);
  if (!item) return;
  exclude(slot, input);
  const value = valueIn(slot, item);
  const wrong = checkValue(item, value).length > 0;
  if (!typing || !wrong) complain(app, slot, wrong ? item.answer : "");
  const before = sitting.holder(id).values[path] ?? {};
  let entries = [...(before.entries ?? [])];
  if (input.name === `entry/${path}`) {
    entries = noted(app, sitting, input, { item: id, path, entries });
    if (!typing) {
      writing.delete(input);
      input.value = "";
    }
  }
  give(app, sitting, id, path, { ...(wrong ? {} : { value }), comment: fieldIn(slot, `comment/${path}`).trim(), entries });
}

/**
 * The entry that is written beside an answer, in the log from its first letter on; the entries of the answer with it.
 * @param {App} app
 * @param {Sitting} sitting
 * @param {HTMLInputElement} input
 * @param {{item: string, path: string, entries: string[]}} answer
 */
function noted(app, sitting, input, { item, path, entries }) {
  const words = input.value.trim();
  const begun = writing.get(input);
  if (!begun) {
    if (!words) return entries;
    const made = note(app, sitting, item, path, words);
    writing.set(input, made);
    return [...entries, made];
  }
  const entry = sitting.observation.values[`log/${begun}`];
  app.records.edit("observation", sitting.observation.id, { [`log/${begun}`]: words ? { ...entry, text: words } : null });
  if (words) return entries;
  writing.delete(input);
  return entries.filter((each) => each !== begun);
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
 * The guidance comes when it is opened: most of the checklist's words are in it.
 * @param {App} app
 * @param {HTMLDetailsElement} details
 */
async function showGuidance(app, details) {
  delete details.dataset.guidance;
  const place = document.createElement("div");
  details.append(place);
  place.innerHTML = await app.sections.guidance(slotItem(details));
}

/**
 * Listen for answers; once.
 * @param {App} app
 * @param {HTMLElement} root
 */
export function listen(app, root) {
  const changed = (/** @type {Event} */ event) => {
    const input = event.target;
    const typing = event.type === "input";
    if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement) || !input.closest(".slot")) return;
    if (typing && TAPPED.includes(input.type)) return;
    try {
      answered(app, /** @type {HTMLInputElement} */ (input), typing);
    } catch (error) {
      app.tell(error);
    }
  };
  root.addEventListener("change", changed);
  // Who types for minutes loses nothing when the phone needs the memory.
  root.addEventListener("input", changed);
  const opened = (/** @type {Event} */ event) => {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement) || !details.open) return;
    if (details.matches(".evidence")) void app.frame.refresh();
    if (details.matches("[data-guidance]")) showGuidance(app, details).catch((error) => app.tell(error));
  };
  root.addEventListener("toggle", opened, true);
}

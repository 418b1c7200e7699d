/**
 * One place for an answer, as the server rendered it for nobody in particular: made for a person,
 * filled from an answer, and read back into a value. Twin of `posted_value` in `observer/forms/answers.py`.
 */

/** @typedef {import("../rules/checklist.js").Item} Item */
/** @typedef {{path: string, legend: string, person: string}} Place */

const SPECIAL = ["not_observed", "not_applicable"];
const NAMED = ["name", "id", "for", "data-path", "aria-labelledby", "aria-describedby"];

/**
 * A slot for a place, from the server's.
 * @param {Element} blank
 * @param {Item} item
 * @param {Place} place
 */
export function makeSlot(blank, item, place) {
  const slot = /** @type {HTMLElement} */ (blank.cloneNode(true));
  const plain = `answers/${item.id}`;
  if (place.path !== plain) {
    for (const element of [slot, ...slot.querySelectorAll("*")]) {
      for (const name of NAMED) {
        const value = element.getAttribute(name);
        if (value?.includes(plain)) element.setAttribute(name, value.replace(plain, place.path));
      }
    }
  }
  slot.dataset.path = place.path;
  const legend = slot.querySelector("legend");
  if (legend && place.legend) legend.textContent = place.legend;
  return slot;
}

/**
 * Show an answer; a field that somebody is writing in is left alone.
 * @param {HTMLElement} slot
 * @param {Record<string, any>} answer
 */
export function fillSlot(slot, answer) {
  const path = slot.dataset.path ?? "";
  const value = answer.value ?? null;
  const chosen = (Array.isArray(value) ? value : [value]).filter((each) => each !== null).map((each) => String(each?.time ?? each));
  for (const input of slot.querySelectorAll("input, textarea")) {
    const field = /** @type {HTMLInputElement} */ (input);
    if (field.type === "radio" || field.type === "checkbox") {
      field.checked = chosen.includes(field.value);
    } else if (field === document.activeElement) {
      continue;
    } else if (field.name === path) {
      field.value = chosen.length && !SPECIAL.includes(chosen[0] ?? "") ? (chosen[0] ?? "") : "";
    } else if (field.name === `comment/${path}`) {
      field.value = answer.comment ?? "";
    }
  }
}

/**
 * What stands in a slot.
 * @param {HTMLElement} slot
 * @param {Item} item
 * @returns {unknown} as an answer's `value`; `null` when nothing is chosen
 */
export function valueIn(slot, item) {
  const path = slot.dataset.path ?? "";
  /** @param {string} name */
  const checked = (name) =>
    [.../** @type {NodeListOf<HTMLInputElement>} */ (slot.querySelectorAll("input:checked"))].filter((input) => input.name === name).map((input) => input.value);
  const given = checked(path);
  if (item.answer === "multi") {
    if (given.length === 1 && SPECIAL.includes(given[0] ?? "")) return given[0];
    return given.length ? given : null;
  }
  if (item.choices.length) return given[0] ?? null;
  const text = fieldIn(slot, path).trim();
  if (!text) return checked(`special/${path}`)[0] ?? null;
  if (["number", "duration"].includes(item.answer) && /^[0-9]+$/.test(text)) return Number(text);
  return text;
}

/**
 * The text of a slot's field.
 * @param {HTMLElement} slot
 * @param {string} name
 */
export function fieldIn(slot, name) {
  for (const field of slot.querySelectorAll("input, textarea")) {
    const { type, name: called, value } = /** @type {HTMLInputElement} */ (field);
    if (called === name && type !== "radio" && type !== "checkbox") return value;
  }
  return "";
}

/**
 * What one input excludes: "not observed" stands alone, and a text and its special value exclude
 * each other.
 * @param {HTMLElement} slot
 * @param {HTMLInputElement} input that was just changed
 */
export function exclude(slot, input) {
  const path = slot.dataset.path ?? "";
  const alone = ["none", ...SPECIAL];
  if (input.type === "checkbox" && input.checked) {
    for (const other of /** @type {NodeListOf<HTMLInputElement>} */ (slot.querySelectorAll("input[type=checkbox]:checked"))) {
      if (other !== input && (alone.includes(input.value) || alone.includes(other.value))) other.checked = false;
    }
  } else if (input.name === `special/${path}`) {
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (slot.querySelectorAll("input"))) {
      if (field.name === path && field.type !== "radio") field.value = "";
    }
  } else if (input.name === path && input.type !== "radio" && input.value) {
    for (const pill of /** @type {NodeListOf<HTMLInputElement>} */ (slot.querySelectorAll("input[type=radio]:checked"))) {
      if (pill.name === `special/${path}`) pill.checked = false;
    }
  }
}

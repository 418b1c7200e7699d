/** One question on the screen: its slots, the entries its answers rest on, and entries that may fit. */

import { fill, rows } from "../frame.js";
import { clockOf } from "./courttime.js";
import { conflictsOf } from "./disputes.js";
import { DIRECT_PEOPLE, placesOf } from "./places.js";
import { fillSlot, makeSlot } from "./slot.js";
import { showTellings } from "./tellings.js";
import { labelOf } from "./wording.js";

/** @typedef {import("../records/sitting.js").Sitting} Sitting */
/** @typedef {import("./slot.js").Place} Place */

const SUGGESTED = 3;

export class QuestionView {
  /**
   * @param {import("../app.js").App} app
   * @param {HTMLElement} element the server's question, copied
   * @param {import("../rules/checklist.js").Item} item
   * @param {HTMLTemplateElement} extras what the client adds to a slot
   */
  constructor(app, element, item, extras) {
    this.app = app;
    this.element = element;
    this.item = item;
    this.extras = extras;
    this.blank = /** @type {HTMLElement} */ (element.querySelector(".slot"));
    this.home = document.createElement("div");
    this.blank.replaceWith(this.home);
    /** @type {Map<string, HTMLElement>} */
    this.slots = new Map();
    /** @type {Set<string>} */
    this.opened = new Set();
    this.said = "";
    this.order = "";
  }

  /**
   * Show the question as the record has it.
   * @param {Sitting} sitting
   * @param {import("../rules/relevance.js").Target[]} targets of this item
   * @param {Record<string, unknown>} proposed values by path
   */
  update(sitting, targets, proposed) {
    const { asked, slots, exceptions } = placesOf(sitting, this.item, targets, this.app.word("all"));
    this.element.hidden = !asked;
    if (!asked) return;
    const record = sitting.holder(this.item.id);
    const holder = record.values;
    const shown = exceptions.filter(
      (place) => exceptions.length <= DIRECT_PEOPLE || holder[place.path] || this.opened.has(place.path),
    );
    const all = [...slots, ...shown];
    const text = JSON.stringify([all, exceptions.length, all.map(({ path }) => [holder[path], proposed[path]]), this.#entriesText(sitting, all, holder), all.map(({ path }) => [record.sent.conflicts[path]?.length, record.sent.conflicts[path] && record.written[path]])]);
    if (text === this.said) return;
    this.said = text;
    this.#arrange(slots, shown, exceptions);
    for (const place of all) this.#fill(sitting, place, holder[place.path] ?? {}, proposed[place.path]);
  }

  /**
   * @param {Sitting} sitting
   * @param {Place[]} places
   * @param {Record<string, any>} holder
   */
  #entriesText(sitting, places, holder) {
    // Entries are looked at only where they are shown.
    return places.map(({ path }) => [
      (holder[path]?.entries ?? []).map((/** @type {string} */ id) => sitting.observation.values[`log/${id}`]?.text),
      this.slots.get(path)?.querySelector("details.evidence")?.hasAttribute("open") ? sitting.entries.length : 0,
    ]);
  }

  /**
   * @param {Place[]} slots
   * @param {Place[]} shown
   * @param {Place[]} exceptions
   */
  #arrange(slots, shown, exceptions) {
    const order = JSON.stringify([slots, shown, exceptions]);
    // To append what is there already would be laid out anew.
    if (order === this.order) return;
    this.order = order;
    const wanted = new Set([...slots, ...shown].map((place) => place.path));
    for (const [path, slot] of this.slots) {
      if (!wanted.has(path)) {
        slot.remove();
        this.slots.delete(path);
      }
    }
    for (const place of slots) this.home.append(this.#slot(place));
    let box = /** @type {HTMLDetailsElement | null} */ (this.home.querySelector("details.exceptions"));
    if (!exceptions.length) {
      box?.remove();
      return;
    }
    if (!box) {
      box = /** @type {HTMLDetailsElement} */ (this.#extra("exceptions"));
      box.open = shown.length > 0 && (exceptions.length > DIRECT_PEOPLE || shown.some((place) => this.slots.has(place.path)));
    }
    this.home.append(box);
    const inside = /** @type {HTMLElement} */ (box.querySelector("[data-inside]"));
    for (const place of shown) inside.append(this.#slot(place));
    const rest = exceptions.filter((place) => !shown.includes(place));
    fill(box, { more: rest.length > 0 });
    rows(box, "person", rest, (place) => place.path, (place, row) => {
      /** @type {HTMLOptionElement} */ (row).value = place.path;
      return { code: place.legend };
    });
  }

  /** @param {string} name */
  #extra(name) {
    return /** @type {HTMLElement} */ (this.extras.content.querySelector(`[data-extra="${name}"]`)?.cloneNode(true));
  }

  /** @param {Place} place */
  #slot(place) {
    let slot = this.slots.get(place.path);
    if (!slot) {
      slot = makeSlot(this.blank, this.item, place);
      slot.querySelector("details.evidence")?.before(this.#extra("attached"));
      slot.querySelector("details.evidence")?.append(this.#extra("suggested"));
      this.slots.set(place.path, slot);
    }
    return slot;
  }

  /**
   * @param {Sitting} sitting
   * @param {Place} place
   * @param {Record<string, any>} answer
   * @param {unknown} proposal
   */
  #fill(sitting, place, answer, proposal) {
    const slot = /** @type {HTMLElement} */ (this.slots.get(place.path));
    fillSlot(slot, answer);
    const zone = String(sitting.hearing.values.time_zone ?? "UTC");
    const log = new Map(sitting.entries);
    const entries = /** @type {string[]} */ (answer.entries ?? []);
    const record = sitting.holder(this.item.id);
    const disputed = place.path in record.sent.conflicts ? conflictsOf(this.app.records, record).find(({ path }) => path === place.path) : undefined;
    const offered = proposal !== undefined && (answer.value ?? null) === null;
    fill(slot, {
      count: entries.length || "",
      proposed: offered,
      told: answer.answered_at !== undefined || disputed !== undefined,
      disputed: disputed !== undefined,
      settled: disputed?.settled ?? false,
      proposal: offered ? this.app.word("from_record", { value: labelOf(this.app, this.item, proposal) }) : "",
    });
    if (disputed) showTellings(this.app, slot, disputed);
    else rows(slot, "telling", [], String, () => ({}));
    rows(slot, "attached", entries.filter((id) => log.has(id)), (id) => id, (id) => this.#entry(id, log.get(id), zone));
    const open = slot.querySelector("details.evidence")?.hasAttribute("open");
    rows(slot, "suggestion", open ? suggestions(sitting, this.item, place, entries) : [], ([id]) => id, ([id, entry]) => this.#entry(id, entry, zone));
  }

  /**
   * @param {string} _id
   * @param {any} entry
   * @param {string} zone
   */
  #entry(_id, entry, zone) {
    return { time: clockOf(entry, zone), kind: this.app.frame.term("kind", entry.kind), words: entry.text };
  }
}

/**
 * Entries that an answer may rest on: those about its person or item first, then the latest.
 * @param {Sitting} sitting
 * @param {import("../rules/checklist.js").Item} item
 * @param {Place} place
 * @param {string[]} attached
 * @returns {[string, any][]}
 */
function suggestions(sitting, item, place, attached) {
  /** @param {any} entry */
  const weight = (entry) =>
    (entry.items?.includes(item.id) ? 4 : 0) + (place.person && entry.about?.includes(place.person) ? 2 : 0) + (entry.kind === "note" ? 0 : 1);
  return [...sitting.entries]
    .reverse()
    .filter(([id, entry]) => !attached.includes(id) && entry.text)
    .slice(0, 40)
    .map((pair, index) => ({ pair, weight: weight(pair[1]), index }))
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .slice(0, SUGGESTED)
    .map(({ pair }) => pair);
}

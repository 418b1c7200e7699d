/** Everything the form of one observation needs: the records around it and the checklist. */

import { assess } from "../rules/assess.js";

/** @typedef {import("./record.js").RecordHere} RecordHere */
/** @typedef {import("../rules/checklist.js").Checklist} Checklist */

export class Sitting {
  /** @type {ReturnType<typeof assess> | null} */
  #assessment = null;

  /** @param {{case: RecordHere, hearing: RecordHere, people: RecordHere[], observation: RecordHere, checklist: Checklist}} parts */
  constructor(parts) {
    this.case = parts.case;
    this.hearing = parts.hearing;
    this.people = parts.people;
    this.observation = parts.observation;
    this.checklist = parts.checklist;
  }

  /** What is relevant, missing and inconsistent; judged when first asked for. */
  get assessment() {
    this.#assessment ??= assess(
      this.checklist,
      this.case.values,
      this.hearing.values,
      this.people.map((person) => ({ ...person.values, id: person.id })),
      this.observation.values,
    );
    return this.#assessment;
  }

  /**
   * The record in which an item is answered: the case or the observation.
   *
   * @param {string} item
   */
  holder(item) {
    return this.checklist.items.get(item)?.scope === "case" ? this.case : this.observation;
  }

  /**
   * The log entries that are not withdrawn, by the time they tell of.
   *
   * @returns {[string, Record<string, any>][]} each with its id
   */
  get entries() {
    const { values } = this.observation;
    return Object.keys(values)
      .filter((path) => path.startsWith("log/") && !values[path].withdrawn)
      .map((path) => /** @type {[string, Record<string, any>]} */ ([path.slice("log/".length), values[path]]))
      .sort(([id, entry], [other, second]) => order(entry.at ?? "", second.at ?? "") || order(id, other));
  }
}

/**
 * @param {string} one
 * @param {string} other
 */
function order(one, other) {
  return one < other ? -1 : Number(one > other);
}

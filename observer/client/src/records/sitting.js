/** Everything the form of one observation needs: the records around it and the checklist. */

import { assess } from "../rules/assess.js";
import { inOrder } from "../rules/moment.js";
import { logEntries } from "../rules/scene.js";

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
   * The log entries that are not withdrawn, by the time they tell of and then by their id.
   *
   * @returns {[string, Record<string, any>][]} each with its id
   */
  get entries() {
    return inOrder(logEntries(this.observation.values));
  }
}

/**
 * Which questions are asked of whom, and what was answered: targets from flat records. Twin of
 * `schemas/relevance.py`.
 *
 * Pure reading of a checklist and four records; it judges no answer and writes nothing. A record is
 * a flat object of field path to value.
 */

/** @typedef {import("./checklist.js").Item} Item */
/** @typedef {import("./checklist.js").Checklist} Checklist */
/** @typedef {Readonly<Record<string, any>>} FlatRecord */

/**
 * One item asked of one person.
 *
 * @typedef {object} Target
 * @property {string} item
 * @property {string} person id of a record, or empty for an item about no one
 * @property {"answered" | "unanswered" | "not_asked"} state
 * @property {Readonly<Record<string, any>> | null} answer
 * @property {boolean} sameForAll the answer was given once for everyone to whom the item applies
 */

/** The order in which proceedings run; `other` has no place in it. */
export const STAGES = Object.freeze([
  "first_appearance",
  "detention_review",
  "preliminary",
  "plea",
  "trial",
  "judgment",
  "sentencing",
  "appeal",
]);
/** @type {ReadonlyMap<string, readonly string[]>} */
const ROLES = new Map([
  ["accused", ["accused"]],
  ["witness", ["witness", "expert"]],
]);
// What can be asked of a hearing that the observer did not attend; one that was closed to them may
// have gone on, so that nothing is asked of it.
/** @type {ReadonlyMap<string | null, readonly string[]>} */
const STILL_ASKED = new Map([
  ["not_held", ["hearing.outcome", "hearing.adjournment_reason", "hearing.next_date"]],
  ["not_admitted", []],
]);
/** What names a hearing stays true of it, attended or not. */
const NAMES_HEARING = ["hearing.date", "hearing.kind", "hearing.scheduled_time"];

/**
 * Every value of an answer, one or many; an answer whose value is null has none.
 *
 * @param {FlatRecord | null} answer
 * @returns {readonly any[]}
 */
export function valuesOf(answer) {
  const value = answer?.value ?? null;
  if (value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/**
 * The values of an answer that are words, as a set; what has another shape is left out.
 *
 * @param {FlatRecord | null} answer
 * @returns {Set<string>}
 */
export function wordsOf(answer) {
  return new Set(valuesOf(answer).filter((value) => typeof value === "string"));
}

/**
 * `observed`, `not_held` or `not_admitted`, or null when it was not said yet.
 *
 * @param {FlatRecord} observation
 * @returns {string | null}
 */
export function attendanceOf(observation) {
  const { attendance } = observation;
  return isObject(attendance) && typeof attendance.value === "string" ? attendance.value : null;
}

/**
 * Ids of the persons an item is about: `accused`, `witness` (experts count as witnesses). An item
 * about no one has the single id "".
 *
 * @param {readonly FlatRecord[]} persons
 * @param {string} per
 * @returns {readonly string[]}
 */
export function personsOfKind(persons, per) {
  const roles = ROLES.get(per);
  if (roles === undefined) return [""];
  return persons.filter(({ role }) => roles.includes(role)).map(({ id }) => String(id));
}

/** The answers of one observer at one hearing, and which items they open. */
export class Relevance {
  #checklist;
  #case;
  #observation;
  #attendance;
  /** What kind of hearing it was, as far as the observer said so. */
  #kinds;
  /** @type {ReadonlyMap<string, readonly string[]>} */
  #persons;
  /** @type {Map<string, boolean>} by item and person */
  #known = new Map();

  /**
   * @param {Checklist} checklist
   * @param {FlatRecord} caseValues
   * @param {readonly FlatRecord[]} persons with `id`, `role` and `code`
   * @param {FlatRecord} observation
   */
  constructor(checklist, caseValues, persons, observation) {
    this.#checklist = checklist;
    this.#case = caseValues;
    this.#observation = observation;
    this.#attendance = attendanceOf(observation);
    const kind = observation["answers/hearing.kind"];
    this.#kinds = wordsOf(isObject(kind) ? kind : null);
    const kinds = ["none", ...ROLES.keys()];
    this.#persons = new Map(kinds.map((per) => [per, personsOfKind(persons, per)]));
  }

  /**
   * The answer for this person, and whether it is the one given for all.
   *
   * @param {Item} item
   * @param {string} person
   * @returns {{answer: FlatRecord | null, sameForAll: boolean}}
   */
  answer(item, person) {
    const record = item.scope === "case" ? this.#case : this.#observation;
    const own = person === "" ? null : record[`answers/${item.id}/${person}`];
    if (isObject(own)) return { answer: own, sameForAll: false };
    const shared = record[`answers/${item.id}`];
    if (isObject(shared)) return { answer: shared, sameForAll: item.per !== "none" };
    return { answer: null, sameForAll: false };
  }

  /**
   * Whether the kind of hearing and the item's gates call for it.
   *
   * @param {Item} item
   * @param {string} person
   * @returns {boolean}
   */
  inForce(item, person) {
    const key = `${item.id}/${person}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      // Closed until shown open, so that gates in a circle end instead of recursing for ever.
      this.#known.set(key, false);
      known = this.#openToday(item, person) && this.#gateOpen(item, person);
      this.#known.set(key, known);
    }
    return known;
  }

  /**
   * The observer's targets, in the order of the checklist and of the persons.
   *
   * @returns {Target[]}
   */
  targets() {
    /** @type {Target[]} */
    const found = [];
    for (const item of this.#checklist.items.values()) {
      if (item.who !== "observer") continue;
      for (const person of this.#persons.get(item.per) ?? []) {
        const { answer, sameForAll } = this.answer(item, person);
        const state = this.#state(item, person, answer);
        const target = { item: item.id, person, state, answer, sameForAll };
        if (this.#wanted(item, target)) found.push(target);
      }
    }
    return found;
  }

  /**
   * @param {Item} item
   * @param {string} person
   * @param {FlatRecord | null} answer
   * @returns {Target["state"]}
   */
  #state(item, person, answer) {
    const stillAsked = STILL_ASKED.get(this.#attendance);
    const attended = stillAsked === undefined || stillAsked.includes(item.id);
    if (!attended || !this.inForce(item, person)) return "not_asked";
    return isGiven(answer) ? "answered" : "unanswered";
  }

  /**
   * @param {Item} item
   * @param {Target} target
   */
  #wanted(item, target) {
    // A stored answer stays visible also where it is out of force, so that it can be taken back.
    const stored = isGiven(target.answer);
    if (STILL_ASKED.has(this.#attendance)) {
      const ofHearing = item.scope === "hearing" && !NAMES_HEARING.includes(item.id);
      return target.state !== "not_asked" || (stored && ofHearing);
    }
    return item.core || stored || this.#observation.mode !== "quick";
  }

  /**
   * @param {Item} item
   * @param {string} person
   */
  #gateOpen(item, person) {
    const gate = item.relevant_if;
    if (gate === null) return true;
    const opener = /** @type {Item} */ (this.#checklist.items.get(gate.item));
    // A feature of one accused opens questions about this accused only.
    const who = opener.per === item.per ? [person] : (this.#persons.get(opener.per) ?? []);
    return who.some((one) => this.#opens(opener, gate.any_of, one));
  }

  /**
   * @param {Item} opener
   * @param {readonly string[]} anyOf
   * @param {string} person
   */
  #opens(opener, anyOf, person) {
    const words = wordsOf(this.answer(opener, person).answer);
    return this.inForce(opener, person) && anyOf.some((value) => words.has(value));
  }

  /**
   * @param {Item} item
   * @param {string} person
   */
  #openToday(item, person) {
    if (item.proceedings.includes("all")) return true;
    const kinds = this.#kinds;
    if (item.proceedings.some((kind) => kinds.has(kind))) return true;
    if (item.scope !== "case") return false;
    // What is known of a case is known at every later hearing, whatever its kind.
    if (valuesOf(this.answer(item, person).answer).length > 0) return true;
    const reached = STAGES.findLastIndex((kind) => kinds.has(kind));
    const listed = STAGES.findIndex((kind) => item.proceedings.includes(kind));
    return reached >= 0 && listed >= 0 && reached >= listed;
  }
}

/**
 * Whether there is a value; a list with nothing in it is one, of a wrong shape.
 *
 * @param {FlatRecord | null} answer
 */
function isGiven(answer) {
  return (answer?.value ?? null) !== null;
}

/**
 * Whether a value has fields: an answer, an entry of the log.
 *
 * @param {unknown} value
 * @returns {value is Readonly<Record<string, any>>}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

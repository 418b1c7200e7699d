/**
 * What does not fit together in an observation: entries, values, times and who was present. Twin of
 * `schemas/consistency.py`.
 *
 * It points at contradictions and never resolves one: the observer corrects the answer or says why
 * it stands. Pure functions; nothing here changes a record.
 */

import { ENTRY_ID, checkAnswer } from "./answers.js";
import { SPECIAL } from "./checklist.js";
import { moment } from "./moment.js";
import { isBefore } from "./order.js";
import { isObject, personsOfKind, valuesOf, wordsOf } from "./relevance.js";
import { answered, itemOf, logEntries, one, seen } from "./scene.js";

/** @typedef {import("./checklist.js").Item} Item */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./relevance.js").Target} Target */

/**
 * Something missing or contradictory; an item, person or entry that is not meant is empty.
 *
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} item
 * @property {string} person
 * @property {string} entry
 * @property {string} key names the problem in the path `overrides/<key>`
 */

/** @typedef {(scene: Scene) => Iterable<Problem>} Check */

const WITH_LAWYER = ["own_lawyer", "legal_aid", "duty_or_appointed_today"];
/** Fewer answers than this may all be not_observed without anything being odd. */
const MANY_ANSWERS = 5;

/**
 * @param {string} code
 * @param {string} [item]
 * @param {string} [person]
 * @param {string} [entry]
 * @returns {Problem}
 */
export function problem(code, item = "", person = "", entry = "") {
  const key = [code, item, person, entry].filter((part) => part !== "").join("/");
  return { code, item, person, entry, key };
}

/**
 * Every contradiction, each once, in a stable order.
 *
 * @param {Scene} scene
 * @returns {Problem[]}
 */
export function findProblems(scene) {
  /** @type {Map<string, Problem>} */
  const found = new Map();
  for (const check of CHECKS) {
    for (const each of check(scene)) {
      const name = JSON.stringify([each.code, each.item, each.person, each.entry]);
      if (!found.has(name)) found.set(name, each);
    }
  }
  return [...found.values()];
}

/**
 * `HH:MM` of a time answer, exact or about.
 *
 * @param {any} value
 * @returns {string | null}
 */
export function clock(value) {
  const found = isObject(value) ? value.time : value;
  return typeof found === "string" && found.includes(":") ? found : null;
}

/** @type {Check} */
function* values({ checklist, targets }) {
  for (const target of targets) {
    if (target.state !== "answered") continue;
    if (checkAnswer(itemOf(checklist, target), target.answer).length > 0) {
      yield problem("bad_value", target.item, whose(target));
    }
  }
}

/** @type {Check} */
function* entries({ checklist, observation, targets }) {
  const present = logEntries(observation);
  for (const target of targets) {
    if (target.state !== "answered") continue;
    const item = itemOf(checklist, target);
    const named = namedEntries(target);
    const here = item.scope !== "case";
    // The answer of a case may rest on the log of another hearing, which is not at hand.
    const isFound = (/** @type {string} */ entry) =>
      present.has(entry) || (!here && !Object.hasOwn(observation, `log/${entry}`));
    if (needsEntry(item, target) && !named.some(isFound)) {
      yield problem("no_entry", target.item, whose(target));
    }
    for (const entry of here ? named : []) {
      if ((observation[`log/${entry}`] ?? null) === null) {
        yield problem("entry_unknown", target.item, whose(target), entry);
      }
    }
  }
}

/** @type {Check} */
function* times(scene) {
  const start = clock(one(scene, "hearing.start_time"));
  const end = clock(one(scene, "hearing.end_time"));
  if (start !== null && end !== null && isBefore(end, start)) {
    yield problem("end_before_start", "hearing.end_time");
  }
  const timed = [...logEntries(scene.observation)]
    .map(([id, entry]) => ({ id, kind: entry.kind, at: moment(entry) }))
    .sort((a, b) => (isBefore(a.id, b.id) ? -1 : 1));
  const starts = timed.flatMap(({ kind, at }) => (kind === "start" && at !== null ? [at] : []));
  if (starts.length === 0) return;
  const first = starts.reduce((least, at) => (at < least ? at : least));
  for (const { id, kind, at } of timed) {
    if (kind === "end" && at !== null && at < first) {
      yield problem("end_before_start", "hearing.end_time", "", id);
    }
  }
}

/** @type {Check} */
function* nextDate(scene) {
  const following = one(scene, "hearing.next_date");
  const today = scene.hearing.date;
  if (typeof following !== "string" || typeof today !== "string") return;
  if (!SPECIAL.includes(following) && !isBefore(dayOf(today), dayOf(following))) {
    yield problem("next_date_past", "hearing.next_date");
  }
}

/** @type {Check} */
function* presence(scene) {
  const present = seen(scene, "hearing.parties_present");
  if (present === null) return;
  const absent = [...(seen(scene, "hearing.absent_no_reason") ?? [])];
  if (absent.some((party) => party !== "none" && present.has(party))) {
    yield problem("absent_but_present", "hearing.absent_no_reason");
  }
  const accused = personsOfKind(scene.persons, "accused").length;
  const away = answered(scene, "person.features").filter((target) =>
    valuesOf(target.answer).includes("in_absentia"),
  );
  if (present.has("accused") && accused > 0 && away.length === accused) {
    yield problem("in_absentia_but_present", "person.features");
  }
}

/** @type {Check} */
function* counsel(scene) {
  const present = seen(scene, "hearing.parties_present");
  const answers = answered(scene, "counsel.represented");
  if (present === null) return;
  if (present.has("defence_counsel")) {
    const everyone = personsOfKind(scene.persons, "accused").length;
    const without = answers.filter((target) => valuesOf(target.answer).includes("none"));
    if (everyone > 0 && without.length === everyone) {
      yield problem("counsel_contradiction", "counsel.represented");
    }
    return;
  }
  for (const target of answers) {
    const words = wordsOf(target.answer);
    if (WITH_LAWYER.some((word) => words.has(word))) {
      yield problem("counsel_contradiction", "counsel.represented", whose(target));
    }
  }
}

/** @type {Check} */
function* nothingObserved({ checklist, targets }) {
  // Answers of the case are carried over from other hearings and say nothing about this one.
  const given = targets.filter((target) => {
    const item = itemOf(checklist, target);
    return target.state === "answered" && item.answer === "compliance" && item.scope !== "case";
  });
  const isNothing = (/** @type {Target} */ { answer }) => {
    const chosen = valuesOf(answer);
    return chosen.length === 1 && chosen[0] === "not_observed";
  };
  if (given.length >= MANY_ANSWERS && given.every(isNothing)) yield problem("all_not_observed");
}

/** @type {Check} */
function* notInForce({ targets }) {
  // An answer for all is meant for those it applies to; it is out of force when that is no one.
  const applies = new Set(
    targets.filter(({ state }) => state !== "not_asked").map(({ item }) => item),
  );
  for (const target of targets) {
    if (target.state !== "not_asked" || valuesOf(target.answer).length === 0) continue;
    if (!(target.sameForAll && applies.has(target.item))) {
      yield problem("not_in_force", target.item, whose(target));
    }
  }
}

/** @type {readonly Check[]} */
const CHECKS = [values, entries, times, nextDate, presence, counsel, nothingObserved, notInForce];

/** @param {Target} target */
function whose(target) {
  // One answer for all is one problem, not one for each accused.
  return target.sameForAll ? "" : target.person;
}

/**
 * @param {Target} target
 * @returns {string[]}
 */
function namedEntries({ answer }) {
  const named = answer?.entries;
  if (!Array.isArray(named)) return [];
  // What is no id names no entry: that is a bad value, and would make no field path either.
  return named.filter((entry) => typeof entry === "string" && ENTRY_ID.test(entry));
}

/**
 * @param {Item} item
 * @param {Target} target
 */
function needsEntry(item, target) {
  const adverse = item.answer === "compliance" ? ["no", "partly"] : [];
  return valuesOf(target.answer).some(
    (value) => adverse.includes(value) || item.critical_on.includes(value),
  );
}

/**
 * The first ten characters; as in Python an astral one is one.
 *
 * @param {string} text
 */
function dayOf(text) {
  return Array.from(text).slice(0, 10).join("");
}

/**
 * What an observation still lacks, what in it does not fit, and what cannot wait. Twin of
 * `schemas/rules.py`; `schemas/vectors/rules.json` holds examples with their results.
 *
 * It never says whether a trial was fair, and it changes no record.
 */

import { findProblems, problem } from "./consistency.js";
import { Relevance, attendanceOf, personsOfKind, valuesOf } from "./relevance.js";

/** @typedef {import("./checklist.js").Checklist} Checklist */
/** @typedef {import("./consistency.js").Problem} Problem */
/** @typedef {import("./relevance.js").FlatRecord} FlatRecord */
/** @typedef {import("./relevance.js").Target} Target */

/**
 * Counts of targets of one section: answered, all that are asked, and contradictions.
 *
 * @typedef {{answered: number, total: number, flagged: number}} Progress
 */

/**
 * The state of an observation against its checklist.
 *
 * @typedef {object} Assessment
 * @property {readonly Target[]} targets
 * @property {readonly Problem[]} missing
 * @property {readonly Problem[]} inconsistent
 * @property {Readonly<Record<string, Progress>>} sections every section of the checklist by id
 * @property {readonly Target[]} critical answered targets that go to headquarters the same day
 * @property {() => Problem[]} blocking problems that the observer gave no reason for under
 *   `overrides/<key>`
 */

// What Python's str.strip takes for blank, which is not all that trim() does, and more.
// eslint-disable-next-line no-control-regex
const BLANK = /^[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

/**
 * Judge one observation by the checklist it names.
 *
 * @param {Checklist} checklist
 * @param {FlatRecord} caseValues
 * @param {FlatRecord} hearing
 * @param {readonly FlatRecord[]} persons with `id`, `role` and `code`, without the withdrawn ones
 * @param {FlatRecord} observation
 * @returns {Assessment}
 */
export function assess(checklist, caseValues, hearing, persons, observation) {
  const targets = new Relevance(checklist, caseValues, persons, observation).targets();
  const inconsistent = findProblems({ checklist, hearing, persons, observation, targets });
  const missing = [...missingOf(targets, persons, observation)];
  return {
    targets,
    missing,
    inconsistent,
    sections: progress(checklist, targets, inconsistent),
    critical: targets.filter((target) => isCritical(checklist, target)),
    blocking: () =>
      [...missing, ...inconsistent].filter(({ key }) => !hasReason(observation[`overrides/${key}`])),
  };
}

/**
 * @param {readonly Target[]} targets
 * @param {readonly FlatRecord[]} persons
 * @param {FlatRecord} observation
 */
function* missingOf(targets, persons, observation) {
  const attendance = attendanceOf(observation);
  if (attendance === "not_held" || attendance === "not_admitted") return;
  if (personsOfKind(persons, "accused").length === 0) {
    yield problem("no_accused", "case.accused_count");
  }
  for (const { state, item, person } of targets) {
    if (state === "unanswered") yield problem("unanswered", item, person);
  }
}

/**
 * @param {Checklist} checklist
 * @param {readonly Target[]} targets
 * @param {readonly Problem[]} problems
 */
function progress(checklist, targets, problems) {
  /** @type {Record<string, Progress>} */
  const sections = {};
  for (const { id } of checklist.sections) sections[id] = { answered: 0, total: 0, flagged: 0 };
  for (const { item, state } of targets) {
    const section = sections[checklist.items.get(item)?.section ?? ""];
    if (state === "answered") section.answered += 1;
    if (state !== "not_asked") section.total += 1;
  }
  for (const { item } of problems) {
    const known = checklist.items.get(item);
    if (known !== undefined) sections[known.section].flagged += 1;
  }
  return sections;
}

/**
 * @param {Checklist} checklist
 * @param {Target} target
 */
function isCritical(checklist, { item, state, answer }) {
  const criticalOn = checklist.items.get(item)?.critical_on ?? [];
  return state === "answered" && valuesOf(answer).some((value) => criticalOn.includes(value));
}

/** @param {any} override */
function hasReason(override) {
  const reason = override?.reason;
  return typeof reason === "string" && !BLANK.test(reason);
}

/** What a check of an observation looks at: its targets, its hearing and the entries of its log. */

import { SPECIAL } from "./checklist.js";
import { isObject, valuesOf, wordsOf } from "./relevance.js";

/** @typedef {import("./checklist.js").Checklist} Checklist */
/** @typedef {import("./checklist.js").Item} Item */
/** @typedef {import("./relevance.js").FlatRecord} FlatRecord */
/** @typedef {import("./relevance.js").Target} Target */

/**
 * All that a check may look at; `targets` are those of the observer.
 *
 * @typedef {object} Scene
 * @property {Checklist} checklist
 * @property {FlatRecord} hearing
 * @property {readonly FlatRecord[]} persons
 * @property {FlatRecord} observation
 * @property {readonly Target[]} targets
 */

/**
 * Log entries by id that were not withdrawn.
 *
 * @param {FlatRecord} observation
 * @returns {Map<string, FlatRecord>}
 */
export function logEntries(observation) {
  const found = new Map();
  for (const [path, entry] of Object.entries(observation)) {
    if (!path.startsWith("log/") || !isObject(entry) || says(entry.withdrawn)) continue;
    found.set(path.slice("log/".length), entry);
  }
  return found;
}

/**
 * Targets of this item that are in force and answered.
 *
 * @param {Scene} scene
 * @param {string} item
 * @returns {Target[]}
 */
export function answered(scene, item) {
  return scene.targets.filter((target) => target.item === item && target.state === "answered");
}

/**
 * The values of a multi about no one; null if unanswered, not observed or inapplicable.
 *
 * @param {Scene} scene
 * @param {string} item
 * @returns {Set<string> | null}
 */
export function seen(scene, item) {
  for (const { answer } of answered(scene, item)) {
    const chosen = wordsOf(answer);
    if (chosen.size > 0 && !SPECIAL.some((word) => chosen.has(word))) return chosen;
  }
  return null;
}

/**
 * The single value of an item about no one, or null.
 *
 * @param {Scene} scene
 * @param {string} item
 * @returns {any}
 */
export function one(scene, item) {
  const given = answered(scene, item).map(({ answer }) => valuesOf(answer));
  return given.find((chosen) => chosen.length > 0)?.[0] ?? null;
}

/**
 * The question that a target asks.
 *
 * @param {Checklist} checklist
 * @param {Target} target
 */
export function itemOf(checklist, target) {
  return /** @type {Item} */ (checklist.items.get(target.item));
}

/**
 * Whether a value says anything; an empty one does not, as in Python.
 *
 * @param {any} value
 */
export function says(value) {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Object.keys(value).length > 0;
}

/** A checklist as plain data: sections of items, and what each item asks of whom. */

/** Answers that say why there is no other. */
export const SPECIAL = Object.freeze(["not_observed", "not_applicable"]);
const COMPLIANCE = Object.freeze(["yes", "partly", "no"]);

/**
 * One question (`docs/checklist-format.md` has the meaning of each key).
 *
 * @typedef {object} Item
 * @property {string} id
 * @property {string} code printed on paper
 * @property {string} section
 * @property {"case" | "hearing"} scope
 * @property {"none" | "accused" | "witness"} per
 * @property {"observer" | "lead" | "analyst"} who
 * @property {readonly string[]} proceedings
 * @property {string} answer kind of answer
 * @property {readonly string[]} options
 * @property {readonly string[]} choices what one may choose from, without {@link SPECIAL}
 * @property {{item: string, any_of: readonly string[]} | null} relevant_if the item is relevant
 *   when any of these values is among the gate item's values
 * @property {boolean} core
 * @property {boolean} critical
 * @property {readonly string[]} critical_on
 * @property {"log" | "record" | null} derived
 */

/**
 * @typedef {object} Section
 * @property {string} id
 * @property {string} title
 * @property {string} stage
 * @property {string} letter
 * @property {readonly Item[]} items
 */

/**
 * A published checklist; `sha256` is the content hash that observations name.
 *
 * @typedef {object} Checklist
 * @property {string} id
 * @property {string} version
 * @property {string} sha256
 * @property {string} title
 * @property {readonly Section[]} sections
 * @property {ReadonlyMap<string, Item>} items by id, in order
 * @property {ReadonlyMap<string, Item>} byCode
 * @property {ReadonlySet<string>} gates ids of the items that open others
 */

/**
 * A checklist from the shell's `checklist.json`, in which an item's usual values are left out.
 *
 * @param {any} json
 * @returns {Checklist}
 */
export function readChecklist(json) {
  /** @type {Section[]} */
  const sections = json.sections.map((/** @type {any} */ given) =>
    Object.freeze({
      id: given.id,
      title: given.title,
      stage: given.stage ?? "",
      letter: given.letter,
      items: given.items.map((/** @type {any} */ item) => readItem(item, given.id)),
    }),
  );
  const items = sections.flatMap((section) => section.items);
  const gates = items.flatMap((item) => (item.relevant_if ? [item.relevant_if.item] : []));
  return Object.freeze({
    id: json.id,
    version: json.version,
    sha256: json.sha256,
    title: json.title,
    sections,
    items: new Map(items.map((item) => [item.id, item])),
    byCode: new Map(items.map((item) => [item.code, item])),
    gates: new Set(gates),
  });
}

/**
 * @param {any} given
 * @param {string} section
 * @returns {Item}
 */
function readItem(given, section) {
  const answer = given.answer ?? "compliance";
  const options = given.options ?? [];
  return Object.freeze({
    id: given.id,
    code: given.code,
    section,
    scope: given.scope ?? "hearing",
    per: given.per ?? "none",
    who: given.who ?? "observer",
    proceedings: given.proceedings ?? ["all"],
    answer,
    options,
    choices: answer === "compliance" ? COMPLIANCE : options,
    relevant_if: given.relevant_if ?? null,
    core: given.core ?? false,
    critical: given.critical ?? false,
    critical_on: given.critical_on ?? [],
    derived: given.derived ?? null,
  });
}

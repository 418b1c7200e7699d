/** Where a question is answered: for nobody in particular, for all, for one person. Twin of `observer/forms/answers.py`. */

/** @typedef {import("./slot.js").Place} Place */

/** With more people than this an exception is shown once its person was chosen. */
export const DIRECT_PEOPLE = 6;

/**
 * The slots of a question, and the exceptions behind them.
 * @param {import("../records/sitting.js").Sitting} sitting
 * @param {import("../rules/checklist.js").Item} item
 * @param {import("../rules/relevance.js").Target[]} targets of this item
 * @param {string} all the word for everybody
 * @returns {{asked: boolean, slots: Place[], exceptions: Place[]}}
 */
export function placesOf(sitting, item, targets, all) {
  const plain = `answers/${item.id}`;
  const asked = targets.filter((target) => target.state !== "not_asked");
  if (!asked.length) return { asked: false, slots: [], exceptions: [] };
  const concerned = asked.map((target) => target.person).filter(Boolean);
  const codes = new Map(sitting.people.map((person) => [person.id, String(person.values.code ?? "")]));
  /** @param {string} person @returns {Place} */
  const own = (person) => ({ path: `${plain}/${person}`, legend: codes.get(person) ?? "", person });
  if (item.per === "none" || !concerned.length) {
    return { asked: true, slots: [{ path: plain, legend: "", person: "" }], exceptions: [] };
  }
  const shared = plain in sitting.holder(item.id).values;
  if (concerned.length === 1 && !shared) return { asked: true, slots: [own(concerned[0] ?? "")], exceptions: [] };
  return { asked: true, slots: [{ path: plain, legend: all, person: "" }], exceptions: concerned.map(own) };
}

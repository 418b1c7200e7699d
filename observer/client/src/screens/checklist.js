/** The checklist: one section at a time, with jump, search, what is unanswered or flagged, one accused. */

import { fill, rows } from "../frame.js";
import { give, listen, slotAt, slotItem } from "./answering.js";
import { keep } from "./disputes.js";
import { heading } from "./heading.js";
import { addPerson } from "./people.js";
import { showHistory } from "./history.js";
import { QuestionView } from "./question.js";

/** @typedef {import("../records/sitting.js").Sitting} Sitting */
/** @typedef {import("../app.js").App} App */

/** @type {Map<string, QuestionView>} */
const views = new Map();
let shown = "";
let wanted = { show: "section", person: "", words: "" };

/** @type {import("../frame.js").Screen} */
export const checklist = {
  name: "checklist",

  start: listen,

  async enter(app, root, params) {
    const sitting = app.sitting(params);
    heading(app, root, sitting);
    const section = sectionOf(sitting, params.section);
    showSections(app, root, sitting, section);
    await showQuestions(app, root, sitting, section);
    if (params.item) jump(params);
  },

  leave() {
    wanted = { ...wanted, show: "section", words: "" };
  },

  acts: {
    section: ({ app, params, key, element }) => {
      const details = element.closest("details");
      if (details) details.open = false;
      wanted = { ...wanted, show: "section", words: "" };
      return app.frame.show("checklist", { observation: params.observation ?? "", section: key });
    },
    filter: ({ app, root }) => {
      const form = /** @type {HTMLFormElement} */ (root.querySelector("form.find"));
      const data = new FormData(form);
      wanted = { show: String(data.get("show") ?? "section"), person: String(data.get("person") ?? ""), words: String(data.get("words") ?? "") };
      return app.frame.refresh();
    },
    next: async ({ app, params }) => {
      const sitting = app.sitting(params);
      const all = sectionsOf(sitting);
      const next = all[all.indexOf(sectionOf(sitting, params.section)) + 1];
      wanted = { ...wanted, show: "section", words: "" };
      if (next) await app.frame.show("checklist", { observation: params.observation ?? "", section: next.id });
      else await app.frame.show("submit", { observation: params.observation ?? "" });
    },
    person: ({ app, params, element }) => addPerson(app, app.sitting(params).case.id, /** @type {HTMLFormElement} */ (element)),
    rest: ({ app, params }) => {
      const sitting = app.sitting(params);
      const items = new Set(sectionOf(sitting, params.section).items.map((item) => item.id));
      for (const target of sitting.assessment.targets) {
        const item = sitting.checklist.items.get(target.item);
        if (item && items.has(item.id) && target.state === "unanswered" && !sitting.checklist.gates.has(item.id)) {
          give(app, sitting, item.id, `answers/${item.id}${placeFor(item.id, target.person)}`, { value: "not_observed" });
        }
      }
    },
    confirm: ({ app, params, element }) => {
      const sitting = app.sitting(params);
      const { path, item } = slotAt(element);
      give(app, sitting, item, path, { value: proposed(app, sitting)[path] });
    },
    attach: ({ app, params, element, key }) => {
      const { path, item } = slotAt(element);
      const sitting = app.sitting(params);
      const entries = sitting.holder(item).values[path]?.entries ?? [];
      give(app, sitting, item, path, { entries: [...entries, key] });
    },
    detach: ({ app, params, element, key }) => {
      const { path, item } = slotAt(element);
      const sitting = app.sitting(params);
      const entries = sitting.holder(item).values[path]?.entries ?? [];
      give(app, sitting, item, path, { entries: entries.filter((/** @type {string} */ id) => id !== key) });
    },
    history: ({ app, params, element }) => {
      const { path, item } = slotAt(element);
      return showHistory(app, params, app.sitting(params).holder(item).id, path);
    },
    keep: ({ app, params, element, key }) => {
      const { path, item } = slotAt(element);
      keep(app.records, app.sitting(params).holder(item).id, path, key);
    },
    different: ({ app, element }) => {
      const select = /** @type {HTMLSelectElement | null} */ (element.closest("details")?.querySelector("select"));
      if (!select?.value) return;
      views.get(slotItem(element))?.opened.add(select.value);
      return app.frame.refresh();
    },
  },
};

/** @param {Sitting} sitting */
function sectionsOf(sitting) {
  return sitting.checklist.sections.filter((section) => section.items.some((item) => item.who === "observer"));
}

/**
 * The section asked for, else the first with something open.
 * @param {Sitting} sitting
 * @param {string | undefined} id
 */
export function sectionOf(sitting, id) {
  const all = sectionsOf(sitting);
  const found = all.find((section) => section.id === id);
  if (found) return found;
  const progress = sitting.assessment.sections;
  return /** @type {typeof all[0]} */ (all.find(({ id: one }) => (progress[one]?.answered ?? 0) < (progress[one]?.total ?? 0)) ?? all[0]);
}

/**
 * @param {App} app
 * @param {HTMLElement} root
 * @param {Sitting} sitting
 * @param {import("../rules/checklist.js").Section} current
 */
function showSections(app, root, sitting, current) {
  rows(root, "section", sectionsOf(sitting), ({ id }) => id, ({ id, letter, title }, row) => {
    const { answered = 0, total = 0, flagged = 0 } = sitting.assessment.sections[id] ?? {};
    row.querySelector("button")?.toggleAttribute("aria-current", id === current.id);
    return { name: `${letter} ${title}`, progress: total ? `${answered}/${total}` : "–", flagged: flagged ? app.word("flagged", { count: flagged }) : "" };
  });
  rows(root, "who", sitting.people.filter((person) => ["accused", "witness", "expert"].includes(String(person.values.role))), ({ id }) => id, (person, row) => {
    /** @type {HTMLOptionElement} */ (row).value = person.id;
    return { code: String(person.values.code ?? "") };
  });
}

/**
 * @param {App} app
 * @param {HTMLElement} root
 * @param {Sitting} sitting
 * @param {import("../rules/checklist.js").Section} section
 */
async function showQuestions(app, root, sitting, section) {
  const list = /** @type {HTMLElement} */ (root.querySelector("[data-questions]"));
  const targets = grouped(sitting);
  const items = wanted.show === "section" && !wanted.words ? section.items.filter((item) => item.who === "observer") : await found(app, sitting, targets);
  const names = `${sitting.observation.id} ${items.map((item) => item.id).join(" ")}`;
  if (names !== shown) {
    await lay(app, root, list, items);
    shown = names;
  }
  const offered = proposed(app, sitting);
  for (const item of items) {
    const mine = targets.get(item.id) ?? [];
    views.get(item.id)?.update(sitting, wanted.person ? mine.filter(({ person }) => !person || person === wanted.person) : mine, offered);
  }
  const { answered = 0, total = 0 } = sitting.assessment.sections[section.id] ?? {};
  const plain = wanted.show === "section" && !wanted.words;
  fill(root, { title: plain ? `${section.letter} ${section.title}` : app.word("found", { count: items.length }), answered: plain && total ? `${answered}/${total}` : "", inSection: plain, nothing: !items.length, unasked: plain && !total });
}

/**
 * @param {App} app
 * @param {HTMLElement} root
 * @param {HTMLElement} list
 * @param {import("../rules/checklist.js").Item[]} items
 */
async function lay(app, root, list, items) {
  const extras = /** @type {HTMLTemplateElement} */ (root.querySelector("template[data-extras]"));
  views.clear();
  const laid = [];
  for (const item of items) {
    const element = await app.sections.question(item.id);
    if (!element) continue;
    views.set(item.id, new QuestionView(app, element, item, extras));
    laid.push(element);
  }
  list.replaceChildren(...laid);
}

/** @param {Sitting} sitting */
function grouped(sitting) {
  /** @type {Map<string, import("../rules/relevance.js").Target[]>} */
  const by = new Map();
  for (const target of sitting.assessment.targets) {
    const list = by.get(target.item);
    if (list) list.push(target);
    else by.set(target.item, [target]);
  }
  return by;
}

/**
 * The items that are searched for, over all sections.
 * @param {App} app
 * @param {Sitting} sitting
 * @param {Map<string, import("../rules/relevance.js").Target[]>} targets
 */
async function found(app, sitting, targets) {
  await app.sections.loadAll();
  const words = wanted.words.trim().toLocaleLowerCase();
  const flagged = new Set(sitting.assessment.inconsistent.map((problem) => problem.item));
  return [...sitting.checklist.items.values()].filter((item) => {
    const mine = (targets.get(item.id) ?? []).filter(({ person, state }) => state !== "not_asked" && (!wanted.person || !person || person === wanted.person));
    if (item.who !== "observer" || !mine.length) return false;
    if (wanted.show === "unanswered" && !mine.some(({ state }) => state === "unanswered") && !views.has(item.id)) return false;
    if (wanted.show === "flagged" && !flagged.has(item.id)) return false;
    return !words || item.code.toLocaleLowerCase() === words || app.sections.text(item.id).toLocaleLowerCase().includes(words);
  });
}

/**
 * What the record already says, to be confirmed; none until that part of the program is here.
 * @param {App} app
 * @param {Sitting} sitting
 */
function proposed(app, sitting) {
  const people = sitting.people.map((person) => ({ id: person.id, ...person.values }));
  return app.proposals(sitting.checklist, sitting.hearing.values, people, sitting.observation.values);
}

/** @param {Record<string, string>} params */
function jump(params) {
  const view = views.get(params.item ?? "");
  delete params.item;
  view?.element.scrollIntoView({ block: "start" });
  view?.element.querySelector("input")?.focus({ preventScroll: true });
}

/** @param {string} item @param {string} person */
function placeFor(item, person) {
  return views.get(item)?.slots.has(`answers/${item}`) ? "" : person ? `/${person}` : "";
}


/** The checklist as the server rendered it: questions as inert templates, and what the rules need. */

import { readChecklist } from "./rules/checklist.js";

export class Sections {
  /** @param {string} base address of the shell, ending in `/` */
  constructor(base) {
    this.base = base;
    /** @type {import("./rules/checklist.js").Checklist} */
    this.checklist = /** @type {any} */ (null);
    /** @type {Map<string, Promise<DocumentFragment>>} */
    this.fragments = new Map();
    /** @type {Map<string, Element>} */
    this.questions = new Map();
    /** @type {Promise<Record<string, string>> | undefined} */
    this.guidances = undefined;
  }

  /** Read the checklist; once. */
  async open() {
    if (!this.checklist) this.checklist = readChecklist(await (await this.#get("checklist.json")).json());
  }

  /**
   * The questions of a section, to be copied.
   * @param {string} section
   */
  load(section) {
    let found = this.fragments.get(section);
    if (!found) {
      found = this.#load(section);
      this.fragments.set(section, found);
      found.catch(() => this.fragments.delete(section));
    }
    return found;
  }

  /** @param {string} section */
  async #load(section) {
    const template = document.createElement("template");
    template.innerHTML = await (await this.#get(`sections/${section}.html`)).text();
    for (const question of template.content.querySelectorAll("[data-item]")) {
      this.questions.set(/** @type {HTMLElement} */ (question).dataset.item ?? "", question);
    }
    return template.content;
  }

  /**
   * A question to be filled and shown.
   * @param {string} item
   */
  async question(item) {
    await this.load(this.checklist.items.get(item)?.section ?? "");
    const found = this.questions.get(item);
    return found ? /** @type {HTMLElement} */ (found.cloneNode(true)) : null;
  }

  /**
   * A question's wording, if its section was loaded.
   * @param {string} item
   */
  text(item) {
    return this.questions.get(item)?.querySelector("[data-wording]")?.textContent?.trim() ?? "";
  }

  /**
   * The word of an option, as the question has it.
   * @param {string} item
   * @param {unknown} value
   */
  label(item, value) {
    const input = this.questions.get(item)?.querySelector(`input[value="${CSS.escape(String(value))}"]`);
    return input?.closest("label")?.textContent?.trim() || String(value);
  }

  /** The markup of the screens that are not in the document. */
  async more() {
    return (await this.#get("more.html")).text();
  }

  /**
   * The guidance to a question, as the server rendered it.
   * @param {string} item
   * @returns {Promise<string>}
   */
  async guidance(item) {
    this.guidances ??= this.#get("guidance.json").then((answer) => answer.json());
    this.guidances.catch(() => (this.guidances = undefined));
    return (await this.guidances)[item] ?? "";
  }

  /** Load all sections, one after another, so that searching them needs no waiting. */
  async loadAll() {
    for (const section of this.checklist.sections) await this.load(section.id);
  }

  /** @param {string} name */
  async #get(name) {
    const answer = await fetch(this.base + name, { credentials: "omit" });
    if (!answer.ok || answer.redirected) throw new Error(`${name}: ${answer.status}`);
    return answer;
  }
}

/**
 * What the screens share: which one is shown, the words, and how lists and fields are filled.
 *
 * Where one is stands in memory and in the store, never in an address or a history entry: those are
 * kept in clear by browsers.
 */

import { Focus } from "./focus.js";

/** @typedef {Record<string, string>} Params */
/**
 * @typedef {object} Screen
 * @property {string} name as in `data-screen`
 * @property {(app: import("./app.js").App, root: HTMLElement, params: Params) => void | Promise<void>} enter
 *   fills the screen; called again whenever records change
 * @property {Record<string, Act>} [acts] by `data-act`
 * @property {(app: import("./app.js").App, root: HTMLElement) => void} [start] once, before it is first shown: to
 *   listen for what is not a tap on a button
 * @property {() => void} [leave]
 */
/** @typedef {{app: import("./app.js").App, root: HTMLElement, params: Params, element: HTMLElement, key: string, event: Event}} Deed */
/** @typedef {(deed: Deed) => void | Promise<void>} Act */

export class Frame {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    /** @type {Record<string, string>} */
    this.words = JSON.parse(page.getElementById("words")?.textContent || "{}");
    /** @type {Map<string, Screen>} */
    this.screens = new Map();
    /** Fetches the screens that are not here yet. @type {() => Promise<Screen[]>} */
    this.more = async () => [];
    /** @type {{name: string, params: Params}[]} */
    this.path = [];
    this.at = -1;
    /** The screen that one comes from. */
    this.came = "";
    /** @type {(place: {name: string, params: Params}) => void} */
    this.onplace = () => {};
    /** @type {import("./app.js").App | null} */
    this.app = null;
    this.focus = new Focus(page);
  }

  /**
   * A phrase of the interface, with its places filled: `{name}`.
   * @param {string} name
   * @param {Record<string, string | number>} [values]
   */
  word(name, values = {}) {
    const text = this.words[name] ?? name;
    return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  }

  /**
   * A code's word, such as of a role or a kind of log entry; the code itself when it has none.
   * @param {string} group
   * @param {unknown} code
   */
  term(group, code) {
    return this.words[`${group}.${code}`] ?? String(code ?? "");
  }

  /** @param {Screen[]} screens */
  register(screens) {
    for (const screen of screens) {
      if (this.screens.has(screen.name)) continue;
      this.screens.set(screen.name, screen);
      if (this.app && screen.name) screen.start?.(this.app, this.root(screen.name));
    }
  }

  /** @param {string} name */
  async #screen(name) {
    if (!this.screens.has(name)) this.register(await this.more());
    return this.screens.get(name);
  }

  /** Listen for what people do; once. */
  start() {
    this.page.addEventListener("click", (event) => this.#clicked(event));
    this.page.addEventListener("submit", (event) => this.#submitted(event));
    this.focus.start();
    window.addEventListener("popstate", (event) => {
      const index = Number(event.state?.n ?? 0);
      if (this.path[index]) {
        this.focus.leave();
        this.came = this.place.name;
        this.at = index;
        void this.#enter(true);
      }
    });
  }

  get place() {
    return this.path[this.at] ?? { name: "", params: {} };
  }

  /**
   * Go to a screen.
   * @param {string} name
   * @param {Params} [params]
   */
  async show(name, params = {}) {
    const before = this.place;
    if (this.at >= 0 && before.name === name && JSON.stringify(before.params) === JSON.stringify(params)) {
      return this.#enter(false);
    }
    this.focus.leave();
    this.came = before.name;
    this.path.length = this.at + 1;
    this.path.push({ name, params });
    this.at += 1;
    if (this.at === 0) history.replaceState({ n: 0 }, "");
    else history.pushState({ n: this.at }, "");
    await this.#enter(true);
  }

  /** Fill the shown screen again. */
  async refresh() {
    if (this.at >= 0) await this.#enter(false);
  }

  /** @param {string} name */
  root(name) {
    const root = this.page.querySelector(`[data-screen="${name}"]`);
    if (!(root instanceof HTMLElement)) throw new Error(`no screen ${name}`);
    return root;
  }

  /** @param {boolean} moved whether it is another screen than before */
  async #enter(moved) {
    const { name, params } = this.place;
    const screen = await this.#screen(name);
    // While it was fetched, one may have gone on.
    if (!screen || !this.app || this.place.name !== name) return;
    if (moved) {
      for (const other of this.screens.values()) if (other !== screen) other.leave?.();
      for (const root of this.page.querySelectorAll("[data-screen]")) {
        root.toggleAttribute("hidden", root !== this.root(name));
      }
      this.onplace(this.place);
    }
    const root = this.root(name);
    if (moved) scrollTo(0, 0);
    else this.focus.hold(root);
    await screen.enter(this.app, root, params);
    for (const link of root.querySelectorAll("[data-go]")) {
      const isHere = link.closest("nav") !== null && /** @type {HTMLElement} */ (link).dataset.go === name;
      // Without a value it would say "not here" to who listens instead of looking.
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (this.place.name !== name) return;
    if (moved) this.focus.arrive(root, this.came === name);
    else this.focus.keep(root);
  }

  /** @param {Event} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target.closest("[data-go], [data-act]") : null;
    if (!(target instanceof HTMLElement) || target instanceof HTMLFormElement) return;
    if (target.dataset.go) {
      event.preventDefault();
      const key = keyOf(target);
      const params = { ...this.#kept(), ...(key && target.dataset.as ? { [target.dataset.as]: key } : {}) };
      if (target.dataset.go === "back") history.back();
      else void this.show(target.dataset.go, params);
      return;
    }
    void this.#act(target.dataset.act ?? "", target, event);
  }

  /** @param {SubmitEvent} event */
  #submitted(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.act) return;
    event.preventDefault();
    void this.#act(form.dataset.act, form, event);
  }

  /** Which case, hearing and observation one is at stays while one moves between their screens. */
  #kept() {
    const { observation, hearing, case: case_ } = this.place.params;
    return Object.fromEntries(
      Object.entries({ observation, hearing, case: case_ }).filter(([, value]) => value),
    );
  }

  /**
   * @param {string} name
   * @param {HTMLElement} element
   * @param {Event} event
   */
  async #act(name, element, event) {
    const { name: at, params } = this.place;
    const inside = element.closest("[data-screen]") !== null;
    const act = (inside ? this.screens.get(at)?.acts : undefined)?.[name] ?? this.screens.get("")?.acts?.[name];
    if (!act || !this.app) return;
    const root = this.root(at);
    this.focus.hold(root);
    try {
      await act({ app: this.app, root, params, element, key: keyOf(element), event });
      if (this.place.name === at) this.focus.keep(root);
    } catch (error) {
      this.app.tell(error);
    }
  }
}

/** @param {Element} element */
function keyOf(element) {
  const holder = element.closest("[data-key]");
  return holder instanceof HTMLElement ? (holder.dataset.key ?? "") : "";
}

/**
 * Put values where the server left places for them: `data-text`, `data-if`, `data-unless`, `data-value`,
 * `data-key-of`. Only text is ever put in; nothing that was typed becomes markup.
 * @param {ParentNode} root
 * @param {Record<string, any>} values
 */
export function fill(root, values) {
  const row = root instanceof Element ? root.closest("[data-of]") : null;
  for (const place of placesIn(root, row)) put(place, values);
}

/** @type {WeakMap<ParentNode, HTMLElement[]>} */
const places = new WeakMap();

/**
 * The places of a screen or a row. Those of a screen stay: what comes and goes there are rows.
 * @param {ParentNode} root
 * @param {Element | null} row
 */
function placesIn(root, row) {
  const known = places.get(root);
  if (known) return known;
  const all = root.querySelectorAll("[data-text], [data-if], [data-unless], [data-value]");
  // A row may be a place itself, such as an option of a list; what stands in a list's row is the row's own.
  const found = [...(row === root ? [row] : []), ...all].filter((place) => place instanceof HTMLElement && place.closest("[data-of]") === row);
  if (root instanceof Element && root.matches("[data-screen]")) places.set(root, /** @type {HTMLElement[]} */ (found));
  return /** @type {HTMLElement[]} */ (found);
}

/**
 * @param {HTMLElement} place
 * @param {Record<string, any>} values
 */
function put(place, values) {
  const { text, if: when, unless, value } = place.dataset;
  if (text && text in values) {
    const words = String(values[text] ?? "");
    if (place.textContent !== words) place.textContent = words;
  }
  if (when && when in values) place.toggleAttribute("hidden", !values[when]);
  if (unless && unless in values) place.toggleAttribute("hidden", Boolean(values[unless]));
  if (value && value in values && place !== document.activeElement) {
    /** @type {HTMLInputElement} */ (place).value = String(values[value] ?? "");
  }
}

/**
 * Make a list's rows from its `<template data-row>`, keeping those that are there already.
 * @template T
 * @param {ParentNode} root
 * @param {string} name of the template
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T, row: HTMLElement) => Record<string, any>} values what to fill in
 */
export function rows(root, name, items, key, values) {
  const template = root.querySelector(`template[data-row="${name}"]`);
  if (!(template instanceof HTMLTemplateElement) || !template.parentElement) throw new Error(`no rows ${name}`);
  const list = template.parentElement;
  const old = new Map(
    [...list.children].filter((row) => row instanceof HTMLElement && row.dataset.of === name).map((row) => [/** @type {HTMLElement} */ (row).dataset.key, row]),
  );
  /** @type {Element} */
  let last = template;
  // What goes is gone before the others are looked at: to move one that stays would take the focus from it.
  const wanted = new Set(items.map(key));
  for (const [id, row] of old) if (!wanted.has(id ?? "")) row.remove();
  for (const item of items) {
    const id = key(item);
    let row = old.get(id);
    if (!row) {
      row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
      Object.assign(/** @type {HTMLElement} */ (row).dataset, { key: id, of: name });
    }
    fillRow(/** @type {HTMLElement} */ (row), values(item, /** @type {HTMLElement} */ (row)));
    if (last.nextElementSibling !== row) last.after(row);
    last = row;
  }
}

/**
 * Rows that say what they said are left alone: a log of 300 entries stays quick.
 * @param {HTMLElement} row
 * @param {Record<string, any>} values
 */
function fillRow(row, values) {
  const text = JSON.stringify(values);
  if (said.get(row) === text) return;
  fill(row, values);
  said.set(row, text);
}

/** @type {WeakMap<HTMLElement, string>} */
const said = new WeakMap();

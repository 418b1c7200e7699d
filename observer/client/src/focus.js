/**
 * Where the focus is: who uses a keyboard, or listens to the screen, never has to begin at the top
 * because something was filled anew.
 */

const FOCUSABLE = "button, summary, a[href], input, select, textarea, [tabindex]";
/** What opens a keyboard on the glass is focused only by who wants to write. */
const WRITTEN = "textarea, select, input:not([type=radio], [type=checkbox])";

export class Focus {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    /** What has the focus, or had it last. @type {HTMLElement | null} */
    this.held = null;
    /** What stands around it, innermost first. @type {HTMLElement[]} */
    this.around = [];
    /** What stands after and before it. @type {HTMLElement[]} */
    this.beside = [];
    /** @type {HTMLElement | null} */
    this.covered = null;
  }

  /** Listen; once. */
  start() {
    const { dataset } = this.page.documentElement;
    dataset.touched = "";
    // A heading that takes the focus is outlined only for those who go through the page with Tab.
    this.page.addEventListener("pointerdown", () => (dataset.touched = ""), true);
    this.page.addEventListener("keydown", ({ key }) => key === "Tab" && delete dataset.touched, true);
    this.page.addEventListener("focusin", ({ target }) => {
      if (target instanceof HTMLElement && target.closest("main")) this.held = target;
    });
  }

  /** Before one goes to another screen: what had the focus stays behind, and what was typed there is given to it. */
  leave() {
    const active = this.page.activeElement;
    if (active instanceof HTMLElement) active.blur();
    this.held = null;
    this.beside = [];
  }

  /**
   * At a new screen: its heading, unless the screen chose a place itself.
   * @param {HTMLElement} root
   * @param {boolean} isSame whether it is the same screen about something else, such as another section
   */
  arrive(root, isSame) {
    if (!root.contains(this.page.activeElement)) this.toHeading(root, isSame ? "[data-landing]" : "h1");
  }

  /**
   * Know what stands beside the focus, before a screen is filled anew.
   * @param {HTMLElement} root
   */
  hold(root) {
    const { held } = this;
    this.beside = [];
    if (!held || !root.contains(held)) return;
    const all = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(FOCUSABLE)]);
    const at = all.indexOf(held);
    const others = [...all.slice(at + 1), ...all.slice(0, Math.max(0, at)).reverse()];
    this.beside = others.filter((each) => !each.matches(WRITTEN));
    this.around = [];
    for (let each = held.parentElement; each && each !== root; each = each.parentElement) this.around.push(each);
  }

  /**
   * Where what had the focus is gone or hidden, the focus goes to what stood beside it.
   * @param {HTMLElement} root
   */
  keep(root) {
    const { held } = this;
    const active = this.page.activeElement;
    // Somebody put it elsewhere meanwhile.
    if (!held || !this.beside.length || (active !== held && active !== this.page.body)) return;
    if (isThere(held)) return;
    // What stands in the same small thing first: the same row, the same question.
    const there = this.beside.filter((each) => root.contains(each) && isThere(each));
    const within = this.around.find((each) => each.isConnected && there.some((one) => each.contains(one)));
    const next = there.find((each) => !within || within.contains(each));
    // Who touches the glass looks at where the finger is; who uses keys looks at the focus.
    if (next) next.focus({ preventScroll: "touched" in this.page.documentElement.dataset });
    else this.toHeading(root);
  }

  /**
   * @param {HTMLElement} root
   * @param {string} which
   */
  toHeading(root, which = "h1") {
    const heading = /** @type {HTMLElement | null} */ (root.querySelector(which) ?? root.querySelector("h1"));
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
  }

  /** Before everything is covered. */
  remember() {
    const active = this.page.activeElement;
    this.covered = active instanceof HTMLElement ? active : null;
  }

  /** After it: where one was. */
  back() {
    this.covered?.focus({ preventScroll: true });
    this.covered = null;
  }
}

/** @param {HTMLElement} element */
function isThere(element) {
  if (typeof element.checkVisibility !== "function") return element.getClientRects().length > 0;
  return element.checkVisibility();
}

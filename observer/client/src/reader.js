/** A window that only reads: what would be written in it is refused before it stands on the screen. */

import { Refusal } from "./protocol/errors.js";

const TICKS = "input[type=radio], input[type=checkbox], input[type=file]";
/** Looking for a question changes nothing. */
const LOOKING = "form.find";

/** Why nothing is written here. */
export function readOnly() {
  return new Refusal("read_only", "Another window of this program writes.");
}

/**
 * Refuse what is typed and ticked for as long as the window only reads; once.
 *
 * @param {import("./app.js").App} app
 * @param {Document} page
 */
export function refuseAsReader(app, page) {
  /** @param {Event} event */
  const refuse = (event) => {
    const field = event.target;
    if (!app.reading || !(field instanceof Element) || field.closest(LOOKING)) return;
    if (event.type === "click" && !field.matches(TICKS)) return;
    event.preventDefault();
    event.stopPropagation();
    app.tell(readOnly());
  };
  // Before anybody else hears of it.
  page.addEventListener("beforeinput", refuse, true);
  page.addEventListener("click", refuse, true);
}

/** The top of every screen of a hearing: which case and day. */

import { fill } from "../frame.js";
import { dayText } from "./courttime.js";

/**
 * @param {import("../app.js").App} app
 * @param {HTMLElement} root
 * @param {import("../records/sitting.js").Sitting} sitting
 */
export function heading(app, root, sitting) {
  const { case: case_, hearing, observation } = sitting;
  fill(root, {
    where: [case_.values.title, dayText(hearing.values.date, app.frame.page.documentElement.lang), app.frame.term("term", observation.values.attendance?.value)].filter(Boolean).join(" · "),
  });
}

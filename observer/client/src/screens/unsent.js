/** How much is only on this phone. */

import { oldestUnsent, standings } from "../sync/standing.js";

/**
 * The records of which headquarters lacks something, and since when the oldest of it is here.
 * @param {import("../app.js").App} app
 */
export function unsentOf(app) {
  const found = standings(app.records).filter((each) => each.isHereOnly);
  return { count: found.length, since: oldestUnsent(app.records) };
}

/**
 * What rows mean, by version, apart from how the database is built: rows are sealed, so no upgrade
 * of the database can read them. `meta/format` says the version; a store without it has 1.
 */

import { Refusal } from "../protocol/errors.js";

/**
 * What a step to the next version writes, in one transaction. It keeps what the version before
 * reads, since that may still run in another tab.
 *
 * @typedef {(rows: import("./rows.js").Rows) => {put?: Iterable<[string, any]>, drop?: Iterable<string>}} Step
 */

/** @type {readonly Step[]} the first leads from version 1 to 2 */
export const STEPS = [];
export const FORMAT_ROW = "meta/format";

/**
 * Bring the rows to the version of this program.
 *
 * @param {import("./rows.js").Rows} rows
 * @param {readonly Step[]} steps
 * @throws {Refusal} `store_newer`: a later version wrote these rows; nothing was changed
 */
export async function bringUp(rows, steps) {
  const here = Number(rows.get(FORMAT_ROW) ?? 1);
  if (here > steps.length + 1) {
    throw new Refusal("store_newer", "A newer version of this program wrote this store.");
  }
  for (let version = here; version <= steps.length; version++) {
    const { put = [], drop = [] } = steps[version - 1](rows);
    await rows.write({ put: [...put, [FORMAT_ROW, version + 1]], drop });
  }
}

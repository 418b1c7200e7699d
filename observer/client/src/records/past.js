/** What was said of one field, and by whom. */

import { instant } from "../protocol/clock.js";

/**
 * One word on a field.
 *
 * @typedef {object} Past
 * @property {any} value `null`: cleared
 * @property {string} author
 * @property {string} recorded_at
 * @property {string} hash of the change; empty for the draft
 * @property {boolean} own whether the author is the one who reads
 * @property {boolean} draft not sent yet
 */

/**
 * @param {string} path
 * @param {import("../protocol/change.js").Change[]} changes of the record
 * @param {import("./drafts.js").Draft | undefined} draft
 * @param {string} author who reads
 * @returns {Past[]} latest first: the draft, then by `recorded_at`
 */
export function pastOf(path, changes, draft, author) {
  const sent = changes
    .filter((change) => change.counts && Object.hasOwn(change.set, path))
    .map(({ set, author: by, recorded_at, hash }) => {
      return { value: set[path], author: by, recorded_at, hash, own: by === author, draft: false };
    })
    .sort((one, two) => instant(two.recorded_at) - instant(one.recorded_at) || (one.hash < two.hash ? 1 : -1));
  if (!draft) return sent;
  const { value, at } = draft;
  return [{ value, author, recorded_at: at, hash: "", own: true, draft: true }, ...sent];
}

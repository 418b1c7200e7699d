/** The order of texts, alike on the laptop and here. */

/**
 * The order of code points, which is Python's and not that of UTF-16.
 *
 * @param {string} a
 * @param {string} b
 */
export function isBefore(a, b) {
  const [ours, theirs] = [Array.from(a), Array.from(b)];
  const at = ours.findIndex((sign, index) => sign !== theirs[index]);
  if (at < 0) return ours.length < theirs.length;
  if (at >= theirs.length) return false;
  return Number(ours[at].codePointAt(0)) < Number(theirs[at].codePointAt(0));
}

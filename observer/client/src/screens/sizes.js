/** How large something is, in the words of the reader's language. */

const STEPS = /** @type {const} */ (["byte", "kilobyte", "megabyte", "gigabyte"]);

/**
 * @param {number} bytes
 * @param {string} language BCP 47
 */
export function sizeText(bytes, language) {
  let [size, step] = [bytes, 0];
  while (size >= 1000 && step < STEPS.length - 1) {
    size /= 1000;
    step += 1;
  }
  const digits = size < 10 && step > 1 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit: STEPS[step], unitDisplay: "short", maximumFractionDigits: digits }).format(size);
}

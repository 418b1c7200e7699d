/** How long something has been so, in the words of the interface. */

/**
 * @param {import("../app.js").App} app
 * @param {string} since RFC 3339
 */
export function ageText(app, since) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 60000));
  if (minutes < 1) return app.word("moment");
  const hours = Math.floor(minutes / 60);
  if (hours < 1) return unitText(minutes, "minute");
  return hours < 48 ? unitText(hours, "hour") : unitText(Math.floor(hours / 24), "day");
}

/**
 * @param {number} count
 * @param {"minute" | "hour" | "day"} unit
 */
function unitText(count, unit) {
  // Languages have up to six plurals; the browser knows them.
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

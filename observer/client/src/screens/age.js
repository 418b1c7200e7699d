/** How long something has been so, in the words of the interface. */

/**
 * @param {import("../app.js").App} app
 * @param {string} since RFC 3339
 */
export function ageText(app, since) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 60000));
  if (minutes < 60) return app.word("minutes", { count: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return app.word("hours", { count: hours });
  return app.word("days", { count: Math.floor(hours / 24) });
}

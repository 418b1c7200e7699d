/** Persons of a case, by role and code; a name is never asked. */

const LETTERS = new Map([["accused", "A"], ["witness", "W"], ["expert", "E"], ["judge", "J"], ["prosecutor", "P"]]);

/**
 * Add a person by role; the code is proposed when none is given.
 * @param {import("../app.js").App} app
 * @param {string} case_
 * @param {HTMLFormElement} form
 */
export function addPerson(app, case_, form) {
  const data = new FormData(form);
  const role = String(data.get("role") ?? "accused");
  const used = new Set(app.records.ofCase("person", case_).map(({ values }) => values.code));
  const letter = LETTERS.get(role) ?? role.charAt(0).toUpperCase();
  let number = 1;
  while (used.has(`${letter}${number}`)) number += 1;
  const code = String(data.get("code") ?? "").trim() || `${letter}${number}`;
  app.records.create("person", { case: case_, code, role });
  form.reset();
}

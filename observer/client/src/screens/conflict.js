/** Different versions of a field, each with author and time; a person keeps one. */

import { fill, rows } from "../frame.js";
import { send } from "../records/cut.js";
import { allConflicts, keep } from "./disputes.js";
import { recordName } from "./names.js";
import { showTellings } from "./tellings.js";
import { fieldName, loadWords, personOf } from "./wording.js";

/** @type {import("../frame.js").Screen} */
export const conflict = {
  name: "conflict",

  async enter(app, root) {
    const found = allConflicts(app.records);
    for (const { path } of found) await loadWords(app, path);
    rows(root, "conflict", found, ({ record, path }) => `${record.id}/${path}`, (each, row) => {
      showTellings(app, row, each);
      const { record, path, settled } = each;
      return { field: fieldName(app, path), person: personOf(app, path), record: recordName(app, record), settled };
    });
    fill(root, { nothing: !found.length, unsent: found.some(({ settled }) => settled) });
  },

  acts: {
    keep: ({ app, element, key }) => {
      const [record = "", ...path] = (/** @type {HTMLElement | null} */ (element.closest("[data-of=conflict]"))?.dataset.key ?? "").split("/");
      keep(app.records, record, path.join("/"), key);
    },
    send: async ({ app }) => {
      const settled = allConflicts(app.records).filter((each) => each.settled);
      await send(app.records, settled.map(({ record }) => record.id));
      app.loop?.now();
    },
  },
};

/** Submit: what is missing or does not fit, a reason for what stays so, and the cut. */

import { fill, rows } from "../frame.js";
import { sendSitting } from "../records/cut.js";
import { heading } from "./heading.js";

/** @type {import("../frame.js").Screen} */
export const submit = {
  name: "submit",

  async enter(app, root, params) {
    const sitting = app.sitting(params);
    heading(app, root, sitting);
    const blocking = sitting.assessment.blocking();
    const { values, dirty } = sitting.observation;
    const isDirty = Object.keys(dirty).length > 0;
    // Before anything is waited for: “nothing is missing” must never stand there while something is.
    fill(root, {
      missing: blocking.length > 0,
      count: blocking.length ? app.word(blocking.length === 1 ? "missing_one" : "missing", { count: blocking.length }) : "",
      submitted: Boolean(values.submitted_at) && !isDirty,
      again: Boolean(values.submitted_at) && isDirty,
    });
    if (blocking.length) await app.sections.loadAll();
    const codes = new Map(sitting.people.map((person) => [person.id, String(person.values.code)]));
    rows(root, "problem", blocking, (problem) => problem.key, (problem) => ({
      code: sitting.checklist.items.get(problem.item)?.code ?? "",
      question: app.sections.text(problem.item),
      who: codes.get(problem.person) ?? "",
      words: app.frame.term("problem", problem.code),
      linked: sitting.checklist.items.has(problem.item),
    }));
  },

  acts: {
    question: ({ app, params, key }) => {
      const item = key.split("/")[1] ?? "";
      const section = app.sections.checklist.items.get(item)?.section ?? "";
      return app.frame.show("checklist", { observation: params.observation ?? "", section, item });
    },
    submit: async ({ app, root, params, element }) => {
      const sitting = app.sitting(params);
      const blocking = sitting.assessment.blocking();
      const data = new FormData(/** @type {HTMLFormElement} */ (element));
      const shared = String(data.get("reason_for_all") ?? "").trim();
      /** @type {Record<string, any>} */
      const fields = {};
      for (const row of root.querySelectorAll("[data-of=problem]")) {
        const key = /** @type {HTMLElement} */ (row).dataset.key ?? "";
        const reason = /** @type {HTMLInputElement | null} */ (row.querySelector("input"))?.value.trim() || shared;
        if (reason) fields[`overrides/${key}`] = { reason };
      }
      if (Object.keys(fields).length) app.records.edit("observation", sitting.observation.id, fields);
      if (blocking.some((problem) => !fields[`overrides/${problem.key}`])) {
        fill(root, { refused: true });
        return;
      }
      fill(root, { refused: false });
      await sendSitting(app.records, sitting.observation.id);
      app.loop?.now();
      return app.frame.show("headquarters");
    },
  },
};

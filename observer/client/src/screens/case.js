/** A case: who is in it by code, and its hearings; and the forms for a new one. */

import { fill, rows } from "../frame.js";
import { isZone } from "../rules/zones.js";
import { dayText, partsAt } from "./courttime.js";
import { addPerson } from "./people.js";

/** @typedef {import("../app.js").App} App */

/** @type {import("../frame.js").Screen} */
export const caseScreen = {
  name: "case",

  enter(app, root, params) {
    const case_ = app.records.get(params.case ?? "");
    const hearings = app.records.ofCase("hearing", case_.id);
    rows(root, "party", app.records.ofCase("person", case_.id), ({ id }) => id, ({ values }) => ({ code: values.code, role: app.frame.term("role", values.role) }));
    rows(root, "hearing", hearings, ({ id }) => id, ({ values }) => ({ when: [dayText(values.date, document.documentElement.lang), values.scheduled_at].filter(Boolean).join(", "), room: [values.court, values.room].filter(Boolean).join(", ") }));
    const last = hearings.at(-1)?.values ?? {};
    const zone = String(last.time_zone ?? app.records.timeZone);
    const form = root.querySelector("form[data-act=hearing]");
    if (form && !(/** @type {HTMLElement} */ (form).dataset.filled)) {
      fill(form, { date: partsAt(Date.now(), zone).day, court: last.court ?? case_.values.court ?? "", roomNow: last.room ?? "", zone });
      /** @type {HTMLElement} */ (form).dataset.filled = case_.id;
    }
    fill(root, { title: case_.values.title, court: case_.values.court ?? "", nobody: !app.records.ofCase("person", case_.id).length });
  },

  acts: {
    person: ({ app, params, element }) => addPerson(app, params.case ?? "", /** @type {HTMLFormElement} */ (element)),
    hearing: ({ app, params, element }) => {
      const form = /** @type {HTMLFormElement} */ (element);
      const data = new FormData(form);
      const number = app.records.ofCase("hearing", params.case ?? "").length + 1;
      /** @param {string} name */
      const text = (name) => String(data.get(name) ?? "").trim() || null;
      const fields = { case: params.case ?? "", number, date: text("date"), scheduled_at: text("scheduled_at"), court: text("court"), room: text("room"), time_zone: text("time_zone") };
      if (!isZone(fields.time_zone)) return app.tell({ message: app.word("bad_zone") });
      delete form.dataset.filled;
      return app.frame.show("brief", { case: params.case ?? "", hearing: app.records.create("hearing", fields) });
    },
  },
};

/** @type {import("../frame.js").Screen} */
export const newCase = {
  name: "case_new",
  enter() {},
  acts: {
    create: ({ app, element }) => {
      const form = /** @type {HTMLFormElement} */ (element);
      const data = new FormData(form);
      const made = app.records.create("case", { title: String(data.get("title")).trim(), court: String(data.get("court") ?? "").trim() || null });
      form.reset();
      return app.frame.show("case", { case: made });
    },
  },
};

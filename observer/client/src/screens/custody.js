/** Handing the phone in: the time is noted first, then the screen is empty until it is back. */

import { fill, rows } from "../frame.js";
import { now } from "../protocol/clock.js";
import { uuid7 } from "../protocol/ids.js";
import { send } from "../records/cut.js";
import { HANDED_IN, RETURNED, phoneGaps } from "../rules/late.js";
import { standings } from "../sync/standing.js";
import { ageText } from "./age.js";
import { partsAt } from "./courttime.js";
import { heading } from "./heading.js";
import { zoneOf } from "./log.js";
import { recordName } from "./names.js";

/** @typedef {import("../app.js").App} App */

/** @type {import("../frame.js").Screen} */
export const custody = {
  name: "custody",

  enter(app, root, params) {
    const sitting = app.sitting(params);
    const zone = zoneOf(sitting);
    const gaps = phoneGaps(sitting.observation.values);
    // What could not be saved must be seen before the phone is given away.
    const isAway = gaps.at(-1)?.until === null && app.saver.state !== "failed";
    heading(app, root, sitting);
    cover(isAway);
    const unsent = standings(app.records).filter(({ isHereOnly }) => isHereOnly);
    rows(root, "unsent", unsent, ({ record }) => record.id, ({ record, since }) => ({ name: recordName(app, record), age: since ? ageText(app, since) : "" }));
    rows(root, "gap", gaps.filter(({ until }) => until), ({ from }) => from, ({ from, until }) => ({ from: partsAt(Date.parse(from), zone).time, until: partsAt(Date.parse(until ?? ""), zone).time }));
    const { doing } = app.loop?.state ?? { doing: "resting" };
    const count = unsent.length;
    fill(root, {
      away: isAway,
      some: count > 0,
      count: app.word(count === 1 ? "unsent_one" : "unsent", { count }),
      open: app.records.unsent().some(({ kind }) => kind === "observation"),
      sending: doing === "running",
      waiting: doing === "waiting",
      gaps: gaps.some(({ until }) => until),
    });
  },

  leave: () => cover(false),

  acts: {
    hand_in: ({ app, params }) => stampCustody(app, params, HANDED_IN),
    returned: async ({ app, params }) => {
      await stampCustody(app, params, RETURNED);
      await app.frame.show("log", { observation: params.observation ?? "" });
    },
    send: async ({ app }) => {
      await send(app.records, app.records.unsent().map(({ id }) => id));
      app.loop?.now();
    },
  },
};

/**
 * Whether only the empty screen can be reached.
 * @param {boolean} isCovered
 */
function cover(isCovered) {
  for (const each of document.querySelectorAll("body > :not(main, #blank)")) each.toggleAttribute("inert", isCovered);
}

/**
 * The time of now in the log, on disk before anything else happens. It is this phone's time also
 * while the hearing is written up afterwards.
 *
 * @param {App} app
 * @param {Record<string, string>} params
 * @param {string} kind
 */
export async function stampCustody(app, params, kind) {
  const { observation } = app.sitting(params);
  const isAway = phoneGaps(observation.values).at(-1)?.until === null;
  if (isAway === (kind === HANDED_IN)) return; // the second tap of two
  const at = now();
  const entry = { text: "", kind, basis: "observed_fact", at, at_precision: "exact", entered_at: at, via: "direct", quote: false, about: [], items: [] };
  app.records.edit("observation", observation.id, { [`log/${uuid7()}`]: entry });
  await app.saver.flush();
}

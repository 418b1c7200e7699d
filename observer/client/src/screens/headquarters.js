/**
 * Headquarters: what is only here, what was received, and one button that sends and fetches. Being
 * offline, signed out or refused is said plainly; it keeps nobody from writing.
 */

import { fill, rows } from "../frame.js";
import { send } from "../records/cut.js";
import { filesWaiting } from "../records/attachments.js";
import { standings } from "../sync/standing.js";
import { ageText } from "./age.js";
import { questionsTo } from "./brief.js";
import { dayText, partsAt } from "./courttime.js";
import { whyText } from "./files.js";
import { recordName } from "./names.js";
import { unsentOf } from "./unsent.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../sync/standing.js").Standing} Standing */

export const SIGNED_OUT = ["device_expired", "device_revoked", "signed_out", "unknown_device"];
const LOOK_AGAIN = 1000; // milliseconds, while a conversation is under way
let ticking = 0;

/** @type {import("../frame.js").Screen} */
export const headquarters = {
  name: "headquarters",

  enter(app, root) {
    const found = standings(app.records);
    const troubled = found.filter((each) => each.isTrouble);
    const here = found.filter((each) => !each.isTrouble && each.isHereOnly);
    const there = found.filter((each) => !each.isTrouble && !each.isHereOnly);
    for (const [name, some] of Object.entries({ troubled, here, there })) list(app, root, name, some);
    rows(root, "came", cameIn(app), ({ key }) => key, ({ words }) => ({ words }));
    const running = app.loop?.state.doing === "running";
    // Files go along with what they belong to; where only files are left, they are what is counted.
    const unsent = app.records.unsent();
    const drafts = unsent.filter(({ kind }) => kind !== "attachment").length || unsent.length;
    fill(root, {
      ...conditionText(app),
      ...unsentText(app),
      running,
      canSend: !running && !app.reading,
      progress: running ? progressText(app) : "",
      drafts: drafts && !app.reading ? counted(app, "drafts", drafts) : "",
      hasTroubled: troubled.length > 0,
      hasHere: here.length > 0,
      hasThere: there.length > 0,
      there: there.length ? counted(app, "there", there.length) : "",
    });
    clearTimeout(ticking);
    if (running) ticking = window.setTimeout(() => app.changed(), LOOK_AGAIN);
  },

  leave() {
    clearTimeout(ticking);
  },

  acts: {
    send: async ({ app }) => {
      app.status.clear();
      await app.saver.flush();
      app.loop?.now();
    },
    cancel: ({ app }) => app.loop?.cancel(),
    drafts: async ({ app }) => {
      app.status.clear();
      await send(app.records, app.records.unsent().map(({ id }) => id));
      app.loop?.now();
    },
  },
};

/**
 * @param {App} app
 * @param {HTMLElement} root
 * @param {string} name
 * @param {Standing[]} some
 */
function list(app, root, name, some) {
  rows(root, name, some, ({ record }) => record.id, (standing) => ({
    name: recordName(app, standing.record),
    states: [...asked(app, standing), ...standing.states.map((state) => stateText(app, standing, state)), ...since(app, standing)].join(" · "),
  }));
}

/**
 * @param {App} app
 * @param {Standing} standing
 */
function since(app, standing) {
  return standing.since ? [app.word("since", { age: ageText(app, standing.since) })] : [];
}

/**
 * @param {App} app
 * @param {Standing} standing
 */
function asked(app, { record }) {
  return record.kind === "observation" && questionsTo(app, [record]).length ? [app.word("state.asked")] : [];
}

/**
 * @param {App} app
 * @param {Standing} standing
 * @param {import("../sync/standing.js").State} state
 */
function stateText(app, { refusals }, state) {
  const why = refusals.map(({ code, message }) => app.frame.words[`refusal.${code}`] ?? (message || code)).join(" ");
  return app.word(`state.${state}`, { why });
}

/**
 * A phrase for one and another for more.
 *
 * @param {App} app
 * @param {string} name
 * @param {number} count
 */
export function counted(app, name, count) {
  return app.word(count === 1 ? `${name}_one` : name, { count });
}

/** @param {App} app */
function unsentText(app) {
  const { count, since } = unsentOf(app);
  const { waiting, refused } = filesWaiting(app.records);
  return {
    unsent: count || since ? counted(app, "unsent", Math.max(1, count)) : app.word("has_all"),
    age: since ? app.word("oldest", { age: ageText(app, since) }) : "",
    files: waiting ? counted(app, "files_waiting", waiting) : "",
    refusedFiles: refused.map(({ code, message }) => app.word("file_refused", { why: whyText(app, code, message) })).join(" "),
  };
}

/**
 * How the last conversation ended, and when one last worked.
 * @param {App} app
 */
function conditionText(app) {
  /** @type {import("../sync/session.js").Condition | undefined} */
  const last = app.rows.get("meta/condition");
  const code = last?.code ?? "";
  const signedOut = SIGNED_OUT.includes(code);
  return {
    signedOut: signedOut ? app.word("signed_out", { code }) : "",
    portal: last?.portal === true,
    trouble: code && !signedOut && !last?.portal ? (app.frame.words[`error.${code}`] ?? last?.message ?? code) : "",
    good: last?.last_good_at
      ? app.word("last_good", { time: momentText(app, last.last_good_at), age: ageText(app, last.last_good_at) })
      : app.word("never_good"),
  };
}

/**
 * A moment on the mission's clock.
 *
 * @param {App} app
 * @param {string} at RFC 3339
 */
function momentText(app, at) {
  const zone = app.records.timeZone;
  const { day, time } = partsAt(Date.parse(at), zone);
  return `${dayText(day, document.documentElement.lang)}, ${time} (${zone})`;
}

/** @param {App} app */
function progressText(app) {
  const { done = 0, total = 0 } = app.loop?.state ?? {};
  if (done < total) return app.word("sending_text", { done, total });
  const moving = app.rows.entries("file/").find(([, row]) => row.state === "sending" && row.size);
  if (!moving) return app.word("talking");
  return app.word("sending_file", { percent: Math.floor((100 * (moving[1].offset ?? 0)) / moving[1].size) });
}

/**
 * What the last conversation did, in sentences.
 *
 * @param {App} app
 * @returns {{key: string, words: string}[]}
 */
function cameIn(app) {
  /** @type {import("../sync/session.js").Exchange | undefined} */
  const last = app.rows.get("meta/last_exchange");
  if (!last) return [];
  const came = Object.entries(last.new ?? {}).sort();
  /** @type {[string, string | false][]} */
  const said = [
    ["sent", Boolean(last.sent + last.known) && app.word("sent_count", { sent: last.sent, known: last.known })],
    ["carried", Boolean(last.carried) && app.word("carried", { count: last.carried })],
    ...came.map(([kind, count]) => /** @type {[string, string]} */ ([`new ${kind}`, app.word("came_in", { kind: app.frame.term("kinds", kind), count })])),
    ["nothing", came.length === 0 && app.word("nothing_new")],
    ["forgotten", last.forgotten?.length > 0 && counted(app, "forgotten", last.forgotten.length)],
    ["unread", last.unread?.length > 0 && app.word("unread")],
    ["epoch", last.newEpoch && app.word("new_epoch")],
    ["renewed", last.renewed && app.word("renewed")],
  ];
  return said.flatMap(([key, words]) => (words ? [{ key, words }] : []));
}

/** Writing a notice to headquarters: urgent, an incident, a safe arrival. What is not sent yet survives a restart. */

import { fill, rows } from "../frame.js";
import { now } from "../protocol/clock.js";
import { send } from "../records/cut.js";
import { WAITING_KINDS, incidentCode } from "../rules/incident.js";
import { ageText } from "./age.js";
import { passageOf, passageValues } from "./passage.js";
import { UNTIL_ANSWERED, UNTIL_RECEIVED, watch } from "./watching.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/record.js").RecordHere} RecordHere */
/** @typedef {{case: string, persons: string[], needs: string[], text: string}} Wanted what stands in the form */

/**
 * What stands in a notice's form, the case that one is at to begin with.
 *
 * @param {App} app
 * @param {string} kind
 * @param {Record<string, string>} params
 * @returns {Wanted}
 */
export function wantedOf(app, kind, params) {
  const kept = app.saver.get(`meta/notice/${kind}`);
  if (kept) return kept;
  const cases = app.records.all("case");
  const only = cases.length === 1 ? cases[0]?.id : "";
  return { case: placeOf(app, params).case ?? only ?? "", persons: [], needs: [], text: "" };
}

/**
 * The case, hearing and observation that one is at.
 *
 * @param {App} app
 * @param {Record<string, string>} params
 * @returns {{case?: string, hearing?: string, observation?: string}}
 */
export function placeOf(app, params) {
  const observation = params.observation ? app.records.find(params.observation) : null;
  if (observation) return { case: String(observation.values.case), hearing: String(observation.values.hearing), observation: observation.id };
  const hearing = params.hearing ? app.records.find(params.hearing) : null;
  if (hearing) return { case: String(hearing.values.case), hearing: hearing.id };
  return params.case && app.records.find(params.case) ? { case: params.case } : {};
}

/**
 * Show the form as it stands.
 *
 * @param {App} app
 * @param {HTMLElement} root
 * @param {Wanted} wanted
 */
export function showForm(app, root, wanted) {
  const cases = app.records.all("case");
  rows(root, "case", cases, ({ id }) => id, ({ id, values }, row) => {
    /** @type {HTMLOptionElement} */ (row).value = id;
    return { title: values.title ?? "" };
  });
  const people = wanted.case ? app.records.ofCase("person", wanted.case) : [];
  rows(root, "person", people, ({ id }) => id, ({ id, values }, row) => {
    const box = /** @type {HTMLInputElement} */ (row.querySelector("input"));
    box.value = id;
    box.checked = wanted.persons.includes(id);
    return { code: `${values.code ?? ""} ${app.frame.term("role", values.role)}` };
  });
  const form = /** @type {HTMLFormElement} */ (root.querySelector("form"));
  const select = /** @type {HTMLSelectElement} */ (form.elements.namedItem("case"));
  select.value = wanted.case;
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[name=needs]"))) box.checked = wanted.needs.includes(box.value);
  const text = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
  if (text !== document.activeElement) text.value = wanted.text;
  fill(root, { cases: cases.length > 1 || wanted.case !== cases[0]?.id, about: cases.length > 0, people: people.length > 0 });
}

/**
 * Keep what stands in the form whenever it is changed.
 *
 * @param {App} app
 * @param {HTMLElement} root
 * @param {string} kind
 */
export function keepForm(app, root, kind) {
  root.addEventListener("input", (event) => {
    const form = event.target instanceof Element ? event.target.closest("form") : null;
    if (!form || app.reading) return;
    const data = new FormData(form);
    const before = wantedOf(app, kind, app.frame.place.params);
    const chosen = String(data.get("case") ?? "");
    const persons = chosen === before.case ? data.getAll("persons").map(String) : [];
    app.saver.set(`meta/notice/${kind}`, { case: chosen, persons, needs: data.getAll("needs").map(String), text: String(data.get("text") ?? "") });
    if (chosen !== before.case) app.changed();
  });
}

/**
 * Save a notice, then sign and send it before anything else. Its case and the persons at risk follow
 * it, where headquarters does not have them: they are small, and say who a code is.
 *
 * @param {App} app
 * @param {string} kind
 * @param {Wanted} wanted
 * @param {Record<string, string>} params
 * @returns {Promise<string>} its id
 */
export async function giveNotice(app, kind, wanted, params) {
  const { records, saver } = app;
  const at = placeOf(app, params);
  const isThere = at.case !== undefined && at.case === wanted.case;
  const id = records.create("incident", {
    kind,
    case: wanted.case || null,
    hearing: (isThere && at.hearing) || null,
    observation: (isThere && at.observation) || null,
    persons: wanted.persons,
    needs: wanted.needs,
    text: wanted.text.trim() || null,
    opened_at: now(),
  });
  records.edit("incident", id, { code: incidentCode(id) });
  saver.set(`meta/notice/${kind}`, null);
  await saver.flush();
  await sendNotice(app, id);
  return id;
}

/**
 * Sign what is not signed of a notice, and send at once.
 *
 * @param {App} app
 * @param {string} id
 */
export async function sendNotice(app, id) {
  const { values } = app.records.get(id, "incident");
  const named = [values.case, ...(values.persons ?? [])].filter((each) => typeof each === "string" && app.records.find(each));
  await send(app.records, [id, ...named]);
  app.loop?.now();
}

/**
 * Notices of these kinds, latest first, each with how far it is.
 *
 * @param {App} app
 * @param {HTMLElement} root with rows `notice`
 * @param {string[]} kinds
 * @returns {RecordHere[]}
 */
export function showNotices(app, root, kinds) {
  const mission = app.records.all("mission")[0]?.values ?? {};
  const phone = String(mission.phone ?? "");
  const found = app.records.all("incident").filter(({ values }) => kinds.includes(values.kind)).reverse();
  watch(app, secondsToWait(found.map(({ id, values }) => ({ kind: values.kind, ...passageOf(app, id) }))));
  rows(root, "notice", found, ({ id }) => id, ({ id, values }, row) => {
    const call = row.querySelector("a[data-call]");
    call?.setAttribute("href", `tel:${phone.replace(/[^0-9+*#]/g, "")}`);
    const passage = passageValues(app, id);
    const who = (values.persons ?? []).map((/** @type {string} */ person) => app.records.find(person)?.values.code ?? "?");
    return {
      ...passage,
      unread: passage.unread && values.kind !== "safe_arrival",
      kind: app.frame.term("incident", values.kind),
      code: spelled(String(values.code ?? "")),
      who: who.join(", "),
      myself: !who.length && values.kind !== "safe_arrival",
      case: values.case ? (app.records.find(values.case)?.values.title ?? "") : "",
      needs: needsText(root, values.needs ?? []),
      text: values.text ?? "",
      age: app.word("ago", { age: ageText(app, String(values.opened_at ?? "")) }),
      call: !passage.acknowledged && values.kind !== "safe_arrival",
      phone,
      unknown: !phone,
      again: passage.unsent || passage.waiting,
    };
  });
  return found;
}

/**
 * @param {(import("./passage.js").Passage & {kind: string})[]} notices
 */
function secondsToWait(notices) {
  if (notices.some(({ reached }) => reached === "waiting" || reached === "passed")) return UNTIL_RECEIVED;
  return notices.some(({ kind, acknowledged }) => WAITING_KINDS.includes(kind) && !acknowledged) ? UNTIL_ANSWERED : 0;
}

/**
 * A code in two groups, as it is read out.
 * @param {string} code
 */
export function spelled(code) {
  return `${code.slice(0, 3)} ${code.slice(3)}`.trim();
}

/**
 * Needs in the words of the form beside.
 * @param {HTMLElement} root
 * @param {string[]} needs
 */
function needsText(root, needs) {
  return needs.map((need) => root.querySelector(`input[name=needs][value="${CSS.escape(need)}"]`)?.closest("label")?.textContent?.trim() ?? need).join(", ");
}

/** The files of an observation: added, where each one is, looked at, taken back. */

import { fill, rows } from "../frame.js";
import { canRecord, Recording } from "../media/sound.js";
import { addFile, attachments, takeBack } from "../records/attachments.js";
import { clockOf } from "./courttime.js";
import { heading } from "./heading.js";
import { zoneOf } from "./log.js";
import { sizeText } from "./sizes.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../records/attachments.js").Attachment} Attachment */
/** @typedef {Record<string, string>} Params */

const KEEP = "meta/keep_originals";
const LOOK_AGAIN = 1000; // milliseconds, while files are on their way

/** @type {Recording | null} */
let recording = null;
let ticking = 0;
/** How many files are being taken in. */
let working = 0;
/** The file that is to be taken back, once that is confirmed. */
let asking = "";
/** The address of the photo that is looked at. */
let looking = "";
/** Why a file was not taken, in words. @type {string[]} */
let problems = [];

/** @type {import("../frame.js").Screen} */
export const files = {
  name: "files",

  enter(app, root, params) {
    const sitting = app.sitting(params);
    const entries = new Map(sitting.entries);
    const zone = zoneOf(sitting);
    heading(app, root, sitting);
    listen(app, root);
    // A call that came in may have ended it.
    if (recording?.ended && !recording.error) recording = null;
    const found = attachments(app.records, sitting.observation.id);
    rows(root, "file", found, ({ record }) => record.id, (file) => ({
      kind: app.frame.term("file", file.kind),
      size: sizeText(Number(file.record.values.size ?? 0), document.documentElement.lang),
      entry: entries.has(file.record.values.entry) ? entryText(app, entries.get(file.record.values.entry), zone) : "",
      state: stateText(app, file),
      why: file.code ? whyText(app, file.code, file.message) : "",
      original: file.original,
      photo: file.kind === "image" && file.state !== "elsewhere",
      asking: asking === file.record.id,
      calm: asking !== file.record.id,
    }));
    const entry = entries.get(params.entry ?? "");
    const keep = /** @type {HTMLInputElement} */ (root.querySelector("input[type=checkbox]"));
    keep.checked = Boolean(app.saver.get(KEEP));
    fill(root, {
      entryText: entry ? entryText(app, entry, zone) : "",
      nothing: !found.length,
      working: working > 0,
      recording: recording !== null && !recording.ended,
      unkept: Boolean(recording?.ended && recording.error),
      mayRecord: canRecord() && !recording,
      length: lengthText(),
      problem: problems.join(" "),
      looking: Boolean(looking),
    });
    again(app, found);
  },

  leave() {
    clearTimeout(ticking);
    asking = "";
    problems = [];
    stopLooking();
    // What was said is kept; nobody forgets a microphone that is on behind another screen.
    void endRecording().catch(() => {});
  },

  acts: {
    camera: ({ app, root }) => choose(app, root, "camera"),
    pick: ({ app, root }) => choose(app, root, "pick"),
    document: ({ app, root }) => choose(app, root, "document"),
    keep: ({ app, element }) => app.saver.set(KEEP, /** @type {HTMLInputElement} */ (element).checked || null),
    whole: ({ app, params }) => app.frame.show("files", { observation: params.observation ?? "" }),
    record: async ({ app, params }) => {
      await app.saver.flush();
      const to = { observation: params.observation ?? "", entry: params.entry };
      recording = await Recording.begin((part) => takePart(app, part, to));
      app.changed();
    },
    stop: async ({ app }) => {
      await endRecording().finally(() => app.changed());
    },
    look: async ({ app, root, key }) => {
      const { values } = app.records.get(key);
      const row = app.rows.get(`file/${values.sha256}`);
      const bytes = await app.rows.file(row.row);
      stopLooking();
      looking = URL.createObjectURL(new Blob([bytes], { type: String(values.type) }));
      /** @type {HTMLImageElement} */ (root.querySelector("figure img")).src = looking;
      fill(root, { looking: true });
      root.querySelector("figure")?.scrollIntoView();
    },
    unlook: ({ root }) => {
      stopLooking();
      fill(root, { looking: false });
    },
    withdraw: ({ app, key }) => {
      asking = key;
      app.changed();
    },
    retain: ({ app }) => {
      asking = "";
      app.changed();
    },
    withdraw_now: async ({ app, key }) => {
      asking = "";
      stopLooking();
      await takeBack(app.records, key);
      app.changed();
    },
  },
};

/**
 * Open the camera or the list of files. What was written is on disk first: the phone may throw this
 * page out of its memory meanwhile.
 *
 * @param {App} app
 * @param {HTMLElement} root
 * @param {string} name of the input
 */
async function choose(app, root, name) {
  problems = [];
  await app.saver.flush();
  /** @type {HTMLInputElement | null} */ (root.querySelector(`input[name=${name}]`))?.click();
}

/**
 * Listen for what was chosen; once.
 *
 * @param {App} app
 * @param {HTMLElement} root
 */
function listen(app, root) {
  if (root.dataset.listening) return;
  root.dataset.listening = "";
  root.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.type !== "file") return;
    const { params } = app.frame.place;
    const chosen = [...(input.files ?? [])];
    const to = { observation: params.observation ?? "", entry: params.entry, keepOriginal: Boolean(app.saver.get(KEEP)) };
    // The same file may be chosen again.
    input.value = "";
    void takeAll(app, chosen, to);
  });
}

/**
 * One after another, so that only one photo is open in memory.
 *
 * @param {App} app
 * @param {File[]} chosen
 * @param {{observation: string, entry?: string, keepOriginal?: boolean}} to
 */
async function takeAll(app, chosen, to) {
  for (const file of chosen) await take(app, file, to).catch((error) => app.tell(error));
}

/** What could not be kept stays, and is offered again. */
async function endRecording() {
  const ended = recording;
  await ended?.end();
  if (recording === ended) recording = null;
}

/**
 * @param {App} app
 * @param {Blob} part of a recording
 * @param {{observation: string, entry?: string}} to
 */
async function takePart(app, part, to) {
  try {
    await take(app, part, to);
  } catch (error) {
    // One may be at another screen by now.
    app.tell(error);
    throw error;
  }
}

/**
 * @param {App} app
 * @param {Blob} file
 * @param {{observation: string, entry?: string, keepOriginal?: boolean}} to
 */
async function take(app, file, to) {
  working += 1;
  app.changed();
  try {
    await addFile(app.records, file, to);
  } catch (error) {
    const { code = "", message = "" } = /** @type {{code?: string, message?: string}} */ (error);
    // What is wrong with the phone is said at the top, where it stays.
    if (["storage_full", "storage_lost", "read_only"].includes(code)) throw error;
    problems = [...problems, whyText(app, code, message)];
  } finally {
    working -= 1;
    app.changed();
  }
}

/**
 * @param {App} app
 * @param {any} entry
 * @param {string} zone
 */
function entryText(app, entry, zone) {
  return `${clockOf(entry, zone)} ${app.frame.term("kind", entry.kind)}`;
}

/**
 * @param {App} app
 * @param {Attachment} file
 */
function stateText(app, { state, percent }) {
  return app.word(`file_state.${state}`, { percent });
}

/**
 * Why a file was not taken, here or at headquarters.
 *
 * @param {App} app
 * @param {string} code
 * @param {string} message
 */
export function whyText(app, code, message) {
  return app.frame.words[`error.${code}`] ?? message;
}

function lengthText() {
  if (!recording) return "";
  const seconds = Math.floor((Date.now() - recording.begunAt) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * Look again soon while something moves.
 *
 * @param {App} app
 * @param {Attachment[]} found
 */
function again(app, found) {
  clearTimeout(ticking);
  const sending = app.loop?.state.doing === "running" && found.some(({ state }) => ["here", "sending"].includes(state));
  if ((recording && !recording.ended) || sending) ticking = window.setTimeout(() => app.changed(), LOOK_AGAIN);
}

function stopLooking() {
  if (looking) URL.revokeObjectURL(looking);
  looking = "";
}

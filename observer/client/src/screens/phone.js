/** This phone: whether what is written is safe on it, how much room there is, and what runs here. */

import { fill } from "../frame.js";
import { dropOriginals, ORIGINAL } from "../records/attachments.js";
import { health } from "../store/health.js";
import { keepPersisted } from "../persisting.js";
import { install, installState } from "./install.js";
import { sizeText } from "./sizes.js";

/** @typedef {import("../app.js").App} App */

const NEARLY_FULL = 0.85; // of the quota
const LITTLE = 50_000_000; // bytes: one large file

/** @type {import("../frame.js").Screen} */
export const phone = {
  name: "phone",

  async enter(app, root) {
    const { persisted, quota, usage, privateLikely } = await health();
    const language = document.documentElement.lang;
    const { author = "", mission = "", device = "", hub = "" } = app.profile ?? {};
    const originals = originalsOf(app);
    fill(root, {
      failed: app.saver.state === "failed",
      kept: persisted === true,
      unsafe: persisted !== true,
      private: privateLikely,
      space: quota === null || usage === null ? app.word("space_unknown") : app.word("space", { usage: sizeText(usage, language), quota: sizeText(quota, language) }),
      offline: ["ready", "waiting"].includes(app.shell?.state ?? ""),
      update: app.shell?.state === "waiting",
      full: isNearlyFull(quota, usage),
      originals: originals.length ? app.word("originals", { count: originals.length, size: sizeText(originals.reduce((sum, size) => sum + size, 0), language) }) : "",
      ...homeScreen(),
      author,
      mission,
      device: device.slice(0, 8),
      hub: hub.slice(0, 16).replace(/(.{4})(?=.)/g, "$1 "),
      version: app.shell?.version?.slice(0, 12) ?? "–",
      unreadable: app.records?.unreadable ? app.word("unreadable", { count: app.records.unreadable }) : "",
    });
  },

  acts: {
    persist: async ({ app, root }) => {
      await keepPersisted(app);
      fill(root, { refused: app.saver.get("meta/persisted") !== true });
      app.changed();
    },
    install: async ({ app }) => {
      await install();
      app.changed();
    },
    originals: async ({ app }) => {
      await dropOriginals(app.records);
      app.changed();
    },
    retry: async ({ app }) => {
      await app.saver.flush();
      app.changed();
    },
    reload: () => location.reload(),
  },
};

function homeScreen() {
  const state = installState();
  return { installed: state === "installed", offered: state === "offered", apple: state === "apple", menu: state === "unknown" };
}

/** @param {App} app */
function originalsOf(app) {
  return app.rows.entries("file/").flatMap(([, row]) => (row.state === ORIGINAL ? [Number(row.size)] : []));
}

/**
 * @param {number | null} quota bytes
 * @param {number | null} usage bytes
 */
export function isNearlyFull(quota, usage) {
  if (quota === null || usage === null) return false;
  return usage > quota * NEARLY_FULL || quota - usage < LITTLE;
}

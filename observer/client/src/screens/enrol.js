/** The first screen: an invitation is scanned or pasted, and the phone becomes a device of a mission. */

import { fill } from "../frame.js";
import { enrol as enrolWith, readInvitation } from "../sync/enrol.js";
import { installState } from "./install.js";
import { keepPersisted } from "../persisting.js";
import { readOnly } from "../reader.js";
import { health } from "../store/health.js";
import { Transport } from "../sync/transport.js";

/** @type {{stop(): void, destroy(): void} | null} */
let scanner = null;

/** @type {import("../frame.js").Screen} */
export const enrol = {
  name: "enrol",

  async enter(app, root) {
    const { privateLikely, persisted, evicted } = await health({ enrolled: Boolean(app.profile) });
    fill(root, { private: privateLikely, maybe: !privateLikely && persisted !== true, evicted, apple: installState() === "apple", scanning: scanner !== null });
    // An invitation scanned with the phone's own camera opens this page with it behind the #.
    if (location.hash.length > 1) {
      const field = /** @type {HTMLTextAreaElement} */ (root.querySelector("textarea"));
      field.value = location.href;
      history.replaceState(history.state, "", location.pathname);
    }
  },

  leave: stopScanning,

  acts: {
    enrol: async ({ app, root, element }) => {
      const text = String(new FormData(/** @type {HTMLFormElement} */ (element)).get("invitation") ?? "");
      await begin(app, root, text);
    },
    scan: async ({ app, root }) => {
      const { default: QrScanner } = await import("qr-scanner");
      const video = /** @type {HTMLVideoElement} */ (root.querySelector("video"));
      const made = new QrScanner(video, (/** @type {{data: string}} */ result) => {
        stopScanning();
        fill(root, { scanning: false });
        void begin(app, root, result.data).catch((error) => app.tell(error));
      }, { returnDetailedScanResult: true });
      scanner = made;
      fill(root, { scanning: true });
      try {
        await made.start();
      } catch {
        stopScanning();
        fill(root, { scanning: false });
        app.tell({ message: app.word("no_camera") });
      }
    },
    stop: ({ root }) => {
      stopScanning();
      fill(root, { scanning: false });
    },
  },
};

function stopScanning() {
  scanner?.stop();
  scanner?.destroy();
  scanner = null;
}

/**
 * @param {import("../app.js").App} app
 * @param {HTMLElement} root
 * @param {string} text
 */
async function begin(app, root, text) {
  if (app.reading) throw readOnly();
  fill(root, { working: true });
  try {
    app.status.clear();
    await enrolWith({ rows: app.rows, invitation: readInvitation(text), transport: new Transport("/sync/v1") });
    await app.open();
    void keepPersisted(app);
    await app.frame.show("today");
  } finally {
    fill(root, { working: false });
  }
}

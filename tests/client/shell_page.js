/** A page with the real `shell.js` and nothing else of the app: tests say whether a hearing is open. */

import { startShell } from "../../observer/client/src/shell.js";

const root = document.documentElement;

const shell = await startShell({
  language: root.lang,
  mayUpdate: () => !("hearing" in root.dataset),
  onUpdate: () => {
    root.dataset.update = "";
  },
});
globalThis.shell = shell;
root.dataset.ready = "";

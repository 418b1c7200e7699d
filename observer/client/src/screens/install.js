/** Putting the app on the home screen: where the browser offers it, and where a person must do it. */

/** @typedef {Event & {prompt(): Promise<{outcome: string}>}} InstallOffer */

/** @type {InstallOffer | null} */
let offer = null;
/** @type {Set<() => void>} */
const listeners = new Set();

// Browsers make the offer once, soon after the start, and to who listens then.
globalThis.addEventListener?.("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer = /** @type {InstallOffer} */ (event);
  for (const listener of listeners) listener();
});
globalThis.addEventListener?.("appinstalled", () => {
  offer = null;
  for (const listener of listeners) listener();
});

/**
 * How it stands: `installed`, `offered` by the browser, to be done by hand on an `apple` device, or
 * `unknown`: the menu of the browser may have it.
 *
 * @returns {"installed" | "offered" | "apple" | "unknown"}
 */
export function installState() {
  if (matchMedia("(display-mode: standalone)").matches) return "installed";
  if (offer) return "offered";
  return isApple() ? "apple" : "unknown";
}

/** Whether this is an iPhone or iPad; an iPad says that it is a Mac. */
export function isApple() {
  const { userAgent, maxTouchPoints } = navigator;
  return /iPhone|iPad/.test(userAgent) || (userAgent.includes("Macintosh") && maxTouchPoints > 1);
}

/** Let the browser ask whether to install; only after a tap. */
export async function install() {
  const asking = offer;
  offer = null;
  await asking?.prompt();
}

/** @param {() => void} listener is told when the state may have changed */
export function oninstall(listener) {
  listeners.add(listener);
}

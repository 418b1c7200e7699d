/** Several windows of the app: the one that takes over reads what the other one wrote last. */

const CHANNEL = "trial-observer written";

/** Tell the other windows that everything from here is on disk. */
export function tellWritten() {
  if (typeof BroadcastChannel !== "function") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("");
  channel.close();
}

/**
 * Be told when a window that gave up writing has written its last.
 *
 * @param {() => void} listener
 */
export function onWritten(listener) {
  if (typeof BroadcastChannel !== "function") return;
  new BroadcastChannel(CHANNEL).onmessage = listener;
}

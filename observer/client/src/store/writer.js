/**
 * The lock of the one writer: of several tabs one writes, the others read.
 *
 * A tab that takes over has an older memory than the disk: it reads again (`rows.refresh`,
 * `records.reload`) before it writes.
 */

const LOCK = "trial-observer writer";

/**
 * Become the writer.
 *
 * @param {{take?: boolean, onlost?: () => void, locks?: LockManager | undefined}} [options]
 *   `take`: also from another tab, which then reads; `onlost`: another tab took over
 * @returns {Promise<"writer" | "reader">} `writer` too where the browser has no locks: the chain is
 *   still safe, since a cut compares the head on disk
 */
export function becomeWriter({ take = false, onlost = () => {}, locks = globalThis.navigator?.locks } = {}) {
  if (!locks) return Promise.resolve("writer");
  return new Promise((resolve, reject) => {
    let held = false;
    const request = locks.request(LOCK, take ? { steal: true } : { ifAvailable: true }, (lock) => {
      if (!lock) return resolve("reader");
      held = true;
      resolve("writer");
      // Held until the tab ends, or another steals it.
      return new Promise(() => {});
    });
    request.catch((error) => {
      if (held) onlost();
      else reject(error);
    });
  });
}

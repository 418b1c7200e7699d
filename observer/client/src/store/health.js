/** How safe this browser's storage is. Nothing here is promised by any browser; it is shown. */

/**
 * @typedef {object} Health
 * @property {boolean | null} persisted whether the browser promised not to clear it by itself; `null`: it does not say
 * @property {number | null} quota bytes that may be used
 * @property {number | null} usage bytes that are used
 * @property {boolean} privateLikely the window is likely a private one, whose storage ends with it
 * @property {boolean} evicted this browser was enrolled before, and the store is gone
 */

const SMALL = 300_000_000; // bytes: a quota below this is what private windows are given
const MARK = "used";

/**
 * @param {{storage?: StorageManager | undefined, marks?: Pick<Storage, "getItem"> | null, enrolled?: boolean}} [options]
 *   `enrolled`: whether there is a mission in the store now
 * @returns {Promise<Health>}
 */
export async function health({ storage = globalThis.navigator?.storage, marks = markPlace(), enrolled = true } = {}) {
  const [persisted, estimate] = await Promise.all([
    asked(() => storage?.persisted?.()),
    asked(() => storage?.estimate?.()),
  ]);
  const quota = estimate?.quota ?? null;
  return {
    persisted: persisted ?? null,
    quota,
    usage: estimate?.usage ?? null,
    privateLikely: persisted === false && quota !== null && quota < SMALL,
    evicted: !enrolled && marks?.getItem(MARK) === "1",
  };
}

/**
 * Ask the browser to keep the store; and leave a mark, without content, that there was one.
 *
 * @param {{storage?: StorageManager | undefined, marks?: Pick<Storage, "setItem"> | null}} [options]
 * @returns {Promise<boolean | null>} its answer; `null`: it gives none
 */
export async function askToPersist({ storage = globalThis.navigator?.storage, marks = markPlace() } = {}) {
  try {
    marks?.setItem(MARK, "1");
  } catch {
    // Full or forbidden: then a loss is only not recognised as one.
  }
  return (await asked(() => storage?.persist?.())) ?? null;
}

/** Where the mark is; browsers that forbid it throw at the mere question. */
function markPlace() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/**
 * @template T
 * @param {() => Promise<T> | undefined} question
 * @returns {Promise<T | null>}
 */
async function asked(question) {
  try {
    return (await question()) ?? null;
  } catch {
    return null;
  }
}

/**
 * The service worker: one version of the shell, whole or not at all, answered from its own cache.
 *
 * The server puts `SHELL` before this: the version, and every file with its hash. Records are never
 * here: only `GET` below the shell's own base is answered, the calls of the protocol pass untouched.
 */

/** @typedef {{version: string, base: string, caches: string, sections: string, files: Record<string, string>}} Facts */

/** @type {any} */
const worker = self;
/** @type {Facts} */
// @ts-ignore: the server puts it there
const { version, base, caches: prefix, sections, files } = SHELL;
const own = prefix + version;
const ANSWER_WITHIN = 3000; // milliseconds
const FEW = 5; // so many sections are fetched one by one, more are fetched at once
const FIRST_MARK = 0xe000;

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.type === "take-over") event.waitUntil(takeOver(event));
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== worker.location.origin || !pathname.startsWith(base)) return;
  const path = pathname.slice(base.length);
  if (Object.hasOwn(files, path)) event.respondWith(kept(path, mode === "navigate"));
  else if (mode === "navigate") event.respondWith(elsewhere(event.request));
});

/** Fetch every file; only when all are there and right are they put into a cache. */
async function install() {
  const stop = new AbortController();
  const found = await gathered(stop.signal).catch((error) => {
    stop.abort();
    throw error;
  });
  // The version may be the one in use: a cache that was there is not ours to delete.
  const before = await caches.has(own);
  try {
    const cache = await caches.open(own);
    await Promise.all([...found].map(([path, answer]) => cache.put(base + path, answer)));
  } catch (error) {
    if (!before) await caches.delete(own);
    throw error;
  }
}

/**
 * All files of this version: what did not change from the earlier one, the rest from the server.
 * @param {AbortSignal} signal
 */
async function gathered(signal) {
  /** @type {Map<string, Response>} */
  const found = new Map();
  const missing = [];
  for (const path of Object.keys(files)) {
    const here = await alreadyHere(path);
    if (here) found.set(path, here);
    else missing.push(path);
  }
  const parts = missing.filter((path) => path.startsWith("sections/"));
  const together = parts.length > FEW ? parts : [];
  const single = missing.filter((path) => !together.includes(path));
  await Promise.all([
    ...single.map(async (path) => found.set(path, await fetched(path, signal))),
    together.length && unpacked(together, found, signal),
  ]);
  return found;
}

/**
 * A file from the server: the very one, or none. A login page, an error or another version is refused.
 * What the page itself just fetched need not travel again; if that is not it, the server is asked.
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
async function fetched(path, signal) {
  for (const cache of /** @type {RequestCache[]} */ (["no-cache", "no-store"])) {
    const answer = await asked(path, cache, signal);
    if ((await hash(answer)) === files[path]) return answer;
  }
  throw new Error(`${path}: not what this version has`);
}

/**
 * @param {string} path
 * @param {RequestCache} cache
 * @param {AbortSignal} [signal]
 */
async function asked(path, cache, signal) {
  const answer = await fetch(base + path, { cache, credentials: "omit", redirect: "error", signal });
  if (answer.status !== 200 || answer.redirected) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

/**
 * Sections from the one file that has them all; twin of `observer/shell/packing.py`.
 * @param {string[]} paths
 * @param {Map<string, Response>} found
 * @param {AbortSignal} signal
 */
async function unpacked(paths, found, signal) {
  const answer = await asked(sections, "no-cache", signal);
  const headers = new Headers(answer.headers);
  for (const each of ["content-encoding", "content-length", "etag"]) headers.delete(each);
  headers.set("content-type", "text/html; charset=utf-8");
  const packed = await answer.json();
  for (const path of paths) {
    /** @type {[string, ...string[]][]} */
    const pieces = packed[path];
    const text = pieces.map(([piece, ...values]) => piece.replace(/[\uE000-\uE00F]/g, (mark) => values[mark.charCodeAt(0) - FIRST_MARK] ?? ""));
    const section = new Response(text.join(""), { headers });
    if ((await hash(section)) !== files[path]) throw new Error(`${path}: not what this version has`);
    found.set(path, section);
  }
}

/**
 * A file that an earlier version has and that did not change.
 * @param {string} path
 */
async function alreadyHere(path) {
  for (const other of await mine()) {
    const answer = await (await caches.open(other)).match(base + path);
    if (answer && (await hash(answer)) === files[path]) return answer;
  }
  return undefined;
}

/** @param {Response} answer */
async function hash(answer) {
  const digest = await crypto.subtle.digest("SHA-256", await answer.clone().arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Names of this app's caches in this language. */
async function mine() {
  return (await caches.keys()).filter((each) => each.startsWith(prefix));
}

/** Now the new version is whole and in use, and the others may go. */
async function activate() {
  const others = (await mine()).filter((each) => each !== own);
  await Promise.all(others.map((each) => caches.delete(each)));
  // At the very first time the page that is open came from the network and is of this version.
  if (!others.length) await worker.clients.claim();
}

/**
 * A file of this version, from the cache; else the very same from the network.
 * @param {string} path
 * @param {boolean} shown as a page: then whatever the network has is better than nothing
 */
async function kept(path, shown) {
  const cache = await caches.open(own);
  const found = await cache.match(base + path, { ignoreVary: true });
  if (found) return found;
  try {
    const answer = await fetched(path);
    await cache.put(base + path, answer.clone());
    return answer;
  } catch (error) {
    if (shown) return fetch(base + path, { credentials: "omit" });
    throw error;
  }
}

/**
 * An address that is no file of the shell: the network may know it; without, a page says so.
 * @param {Request} request
 */
async function elsewhere(request) {
  try {
    return await fetch(request);
  } catch {
    const page = await kept("offline.html", false);
    return new Response(page.body, { status: 503, headers: page.headers });
  }
}

/**
 * A page asks, with consent, that this version is used from now on. Every other window is asked too:
 * the version changes for all of them, and one may have a hearing open.
 * @param {any} event
 */
async function takeOver(event) {
  const all = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const others = all.filter((/** @type {any} */ each) => each.id !== event.source?.id && new URL(each.url).pathname.startsWith(base));
  const agreed = (await Promise.all(others.map(mayTakeOver))).every(Boolean);
  event.ports[0]?.postMessage(agreed);
  if (agreed) await worker.skipWaiting();
}

/**
 * @param {any} client a window; one that does not answer has not agreed
 * @returns {Promise<boolean>}
 */
function mayTakeOver(client) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    setTimeout(() => resolve(false), ANSWER_WITHIN);
    port1.onmessage = (event) => resolve(event.data === true);
    client.postMessage({ type: "may-take-over" }, [port2]);
  });
}

/**
 * The page's side of the service worker: it is registered, a new version is asked about, and taken
 * only by consent and while no window of the app has a hearing open.
 *
 * Messages between page and worker carry a port to answer on: `take-over` goes from the page that was
 * asked to the waiting worker, `may-take-over` from that worker to every other window.
 */

const LOOK_AGAIN = 60 * 60 * 1000; // milliseconds
const ANSWER_WITHIN = 10_000;

/** @typedef {"none" | "fetching" | "ready" | "waiting"} ShellState whether the app opens without a network; `waiting`: and a new version lies ready */

/**
 * @typedef {object} ShellHandle
 * @property {() => Promise<boolean>} takeOver take the new version and open it; false where it may not be now
 * @property {string} version of the document that is open
 * @property {ShellState} state
 * @property {(listener: (state: ShellState) => void) => void} onstate
 */

/**
 * Keep the app on this phone.
 * @param {object} options
 * @param {string} options.language
 * @param {() => boolean} options.mayUpdate false while a hearing is open
 * @param {() => void} options.onUpdate a new version lies ready
 * @returns {Promise<ShellHandle>}
 */
export async function startShell({ language, mayUpdate, onUpdate }) {
  const { version = "", base = `/app/${language}/` } = document.documentElement.dataset;
  const shell = new Shell(version, base, mayUpdate, onUpdate);
  await shell.start();
  return shell;
}

class Shell {
  /**
   * @param {string} version
   * @param {string} base
   * @param {() => boolean} mayUpdate
   * @param {() => void} onUpdate
   */
  constructor(version, base, mayUpdate, onUpdate) {
    this.version = version;
    this.base = base;
    this.mayUpdate = mayUpdate;
    this.onUpdate = onUpdate;
    /** @type {ShellState} */
    this.state = "none";
    /** @type {ServiceWorkerRegistration | null} */
    this.registration = null;
    /** @type {((state: ShellState) => void)[]} */
    this.listeners = [];
    /** @type {ServiceWorker | null} */
    this.told = null;
    this.taking = false;
    this.looked = Date.now();
  }

  /** @param {(state: ShellState) => void} listener */
  onstate(listener) {
    this.listeners.push(listener);
  }

  async start() {
    // Without TLS there is no worker, and in some private windows neither: the app then needs the network.
    const workers = navigator.serviceWorker;
    if (!workers) return;
    workers.addEventListener("message", (event) => {
      if (event.data?.type === "may-take-over") event.ports[0]?.postMessage(this.mayUpdate());
    });
    const controlled = workers.controller !== null;
    workers.addEventListener("controllerchange", () => {
      // Another window took the new version, and this one had agreed.
      if (controlled && !this.taking && this.mayUpdate()) location.reload();
    });
    addEventListener("online", () => void this.look(true));
    document.addEventListener("visibilitychange", () => void this.look(false));
    await this.#register();
  }

  async #register() {
    try {
      this.registration = await navigator.serviceWorker.register(`${this.base}sw.js`, { scope: this.base, updateViaCache: "none" });
    } catch {
      return; // nothing is kept yet and no network: tried again when it is back
    }
    this.registration.addEventListener("updatefound", () => this.#follow());
    this.#follow();
  }

  /**
   * Ask the server for a new version; at most once an hour.
   * @param {boolean} now
   */
  async look(now) {
    if (document.hidden || (!now && Date.now() - this.looked < LOOK_AGAIN)) return;
    this.looked = Date.now();
    if (!this.registration) return this.#register();
    await this.registration.update().catch(() => {});
  }

  #follow() {
    this.registration?.installing?.addEventListener("statechange", () => this.#show());
    this.registration?.waiting?.addEventListener("statechange", () => this.#show());
    this.registration?.active?.addEventListener("statechange", () => this.#show());
    this.#show();
  }

  #show() {
    const { installing, waiting, active } = this.registration ?? {};
    if (waiting && active) this.state = "waiting";
    else if (active) this.state = "ready";
    else this.state = installing || waiting ? "fetching" : "none";
    document.documentElement.dataset.shell = this.state;
    for (const listener of this.listeners) listener(this.state);
    if (waiting && active && waiting !== this.told) {
      this.told = waiting;
      this.onUpdate();
    }
  }

  /**
   * Take the new version and open it. Everything written must be saved before.
   * @returns {Promise<boolean>} false: there is none, or a hearing is open here or in another window
   */
  async takeOver() {
    const waiting = this.registration?.waiting;
    if (!waiting || !this.mayUpdate()) return false;
    this.taking = true;
    waiting.addEventListener("statechange", () => {
      if (waiting.state === "activated") location.reload();
    });
    this.taking = await ask(waiting, { type: "take-over" });
    return this.taking;
  }
}

/**
 * @param {ServiceWorker} worker
 * @param {object} message
 * @returns {Promise<boolean>} what it answers; false when it does not
 */
function ask(worker, message) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(false), ANSWER_WITHIN);
    port1.onmessage = (event) => {
      clearTimeout(timer);
      port1.close();
      resolve(event.data === true);
    };
    worker.postMessage(message, [port2]);
  });
}

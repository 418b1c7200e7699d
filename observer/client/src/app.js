/** Start: open the store, take the writer's place, find the mission, show where one was. */

import { Frame } from "./frame.js";
import { Records } from "./records/records.js";
import { oninstall } from "./screens/install.js";
import { keepPersisted } from "./persisting.js";
import { refuseAsReader } from "./reader.js";
import { screens } from "./screens/screens.js";
import { Sections } from "./sections.js";
import { startShell } from "./shell.js";
import { Status } from "./status.js";
import { Rows } from "./store/rows.js";
import { Saver } from "./store/saver.js";
import { vault } from "./store/vault.js";
import { becomeWriter } from "./store/writer.js";
import { onWritten } from "./windows.js";

const CALLS = "/sync/v1";
const STORE = "store";
const PATIENCE = 60; // milliseconds

/** What every screen has at hand. */
export class App {
  /**
   * @param {Frame} frame
   * @param {Rows} rows
   */
  constructor(frame, rows) {
    this.frame = frame;
    this.rows = rows;
    this.saver = new Saver(rows);
    this.sections = new Sections(document.documentElement.dataset.base ?? "");
    /** @type {Records} */
    this.records = /** @type {any} */ (null);
    /** @type {import("./sync/loop.js").Loop | null} */
    this.loop = null;
    this.reading = false;
    /** @type {typeof import("./rules/derive.js").proposals} */
    this.proposals = () => ({});
    this.status = new Status(this);
    /** @type {import("./shell.js").ShellHandle | null} */
    this.shell = null;
  }

  /** Who this phone is enrolled for; `undefined` before. */
  get profile() {
    return this.rows.get("meta/profile");
  }

  /** @param {string} name @param {Record<string, string | number>} [values] */
  word(name, values) {
    return this.frame.word(name, values);
  }

  /**
   * The sitting that a screen is about.
   * @param {Record<string, string>} params
   */
  sitting(params) {
    return this.records.sitting(params.observation ?? "");
  }

  /** Whether a hearing is open: then nothing takes over, and nothing is reloaded. */
  get inCourt() {
    return ["log", "checklist", "write", "files", "custody", "urgent", "incident", "query", "history", "conflict"].includes(this.frame.place.name);
  }

  /**
   * Say what went wrong, in words for the person who holds the phone.
   * @param {unknown} error
   */
  tell(error) {
    this.status.tell(error);
  }

  /** The rest of the program, once it is here. */
  more() {
    return more(this.sections);
  }

  /** Open what there is, once there is a mission. */
  async open() {
    await this.sections.open();
    this.records = await Records.open({ rows: this.rows, saver: this.saver, checklist: this.sections.checklist });
    this.records.readOnly = this.reading;
    this.records.onchange(() => this.changed());
    // Writing comes first; the network can wait for its part of the program.
    void this.#follow();
  }

  /** Go on with the rest of the program. */
  async #follow() {
    try {
      this.proposals = (await this.more()).proposals;
      this.changed();
      if (!this.reading) await this.#keepSending();
    } catch (error) {
      this.tell(error);
    }
  }

  async #keepSending() {
    const { Loop, Session, Transport } = await this.more();
    const transport = new Transport(CALLS);
    this.loop = new Loop(() => new Session({ records: this.records, rows: this.rows, transport }));
    this.loop.onstate(() => this.changed());
    this.loop.start();
  }

  /** Go on here, and let the other tab only read. What was written there is read anew. */
  async takeOver() {
    await becomeWriter({ take: true, onlost: () => this.status.lost() });
    if (!this.records) return location.reload();
    await this.#readAnew();
    this.reading = this.records.readOnly = false;
    this.status.clear();
    this.status.reader();
    if (this.loop) this.loop.start();
    else void this.#keepSending();
    this.changed();
  }

  /** The other tab's last words may reach the disk after this one took over. */
  async otherWrote() {
    if (this.records && !this.reading) await this.#readAnew().catch((error) => this.tell(error));
  }

  async #readAnew() {
    await this.rows.refresh();
    await this.records.reload();
  }

  /** Show again what is shown; after the next paint, so that a tap is seen at once. */
  changed() {
    this.status.show();
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() =>
      setTimeout(async () => {
        await this.#saved();
        this.waiting = false;
        void this.frame.refresh();
      }),
    );
  }

  /** Wait for what is being saved, but not long: to say "saved" goes before showing what follows from it. */
  #saved() {
    return /** @type {Promise<void>} */ (
      new Promise((done) => {
        if (this.saver.state !== "saving") return done();
        const end = this.saver.onstate(() => {
          if (this.saver.state === "saving") return;
          clearTimeout(timer);
          end();
          done();
        });
        const timer = setTimeout(() => (end(), done()), PATIENCE);
      })
    );
  }

  waiting = false;
}

/** The rest of the program, with its screens; once. @type {Promise<typeof import("./more.js")> | null} */
let rest = null;

/** @param {Sections} sections */
function more(sections) {
  rest ??= (async () => {
    const [program, markup] = await Promise.all([import("./more.js"), sections.more()]);
    const template = document.createElement("template");
    template.innerHTML = markup;
    document.getElementById("main")?.append(template.content);
    return program;
  })();
  rest.catch(() => (rest = null));
  return rest;
}

async function start() {
  const frame = new Frame(document);
  const rows = await Rows.open({ name: STORE, vault });
  const app = new App(frame, rows);
  frame.app = app;
  frame.register(screens);
  frame.more = async () => (await more(app.sections)).screens;
  app.reading = (await becomeWriter({ take: false, onlost: () => app.status.lost() })) === "reader";
  frame.start();
  app.status.start();
  refuseAsReader(app, document);
  onWritten(() => void app.otherWrote());
  oninstall(() => app.changed());
  if (app.profile) {
    await app.open();
    void keepPersisted(app);
    const place = rows.get("meta/place");
    await (place ? frame.show(place.name, place.params) : frame.show("today"));
  } else {
    await frame.show("enrol");
  }
  frame.onplace = (place) => {
    if (!app.reading) app.saver.set("meta/place", place);
  };
  document.documentElement.dataset.ready = "";
  app.shell = await startShell({
    language: document.documentElement.lang,
    mayUpdate: () => !app.inCourt,
    onUpdate: () => app.status.update(),
  });
  app.shell.onstate(() => app.changed());
}

start().catch((error) => {
  const place = document.getElementById("trouble");
  if (!place) return;
  const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
  place.textContent = words[`error.${error.code}`] ?? `${words["error.start"] ?? ""} ${error.message ?? error}`;
  place.hidden = false;
});

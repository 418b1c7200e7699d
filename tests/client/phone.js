/**
 * Phones for tests: the real client (store over fake-indexeddb, records, sync), driven by lines of
 * JSON on stdin and stdout. What it fetches goes out as a line and comes back as one, so that who
 * drives it decides what the network does.
 *
 * A phone can be made to lose its program within the next transaction, before or after its commit.
 */

import readline from "node:readline";

const client = new URL("../../observer/client/", import.meta.url);
const at = (/** @type {string} */ path) => import(new URL(path, client).href);
await at("node_modules/fake-indexeddb/auto/index.mjs");
const { IDBFactory } = await at("node_modules/fake-indexeddb/build/esm/index.js").catch(() => globalThis);
const [{ Rows }, { Saver }, { vault }, { Records }, { send }, { Session }, { Transport }, { enrol, readInvitation }] =
  await Promise.all(
    [
      ...["src/store/rows.js", "src/store/saver.js", "src/store/vault.js", "src/records/records.js"],
      ...["src/records/cut.js", "src/sync/session.js", "src/sync/transport.js", "src/sync/enrol.js"],
    ].map(at),
  );
const { standings, oldestUnsent } = await at("src/sync/standing.js");
const { sha256Hex } = await at("src/protocol/bytes.js");

// -- the clock of whoever acts now -----------------------------------------------------

let offset = 0; // milliseconds
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : [RealDate.now() + offset]));
  }

  static now() {
    return RealDate.now() + offset;
  }
};

// -- power cuts ------------------------------------------------------------------------

class Crash extends Error {}

/** A phone: its disk, and the program on it while that runs. */
class Phone {
  constructor(name, base) {
    this.name = name;
    this.base = base;
    this.disk = new IDBFactory();
    this.crashAt = "";
    this.app = null;
  }

  /** The running program, started if it is not. */
  async program() {
    while (!this.app) {
      const life = { dead: false, crashed: null };
      const crashed = new Promise((resolve) => (life.crashed = resolve));
      try {
        const app = await Promise.race([this.#start(life), crashed.then(() => null)]);
        if (app) this.app = { ...app, life, crashed };
      } catch (error) {
        if (!life.dead) throw error;
      }
    }
    return this.app;
  }

  async #start(life) {
    const rows = await Rows.open({ vault, factory: this.#factory(life) });
    const saver = new Saver(rows);
    const records = await Records.open({ rows, saver });
    const transport = new Transport(this.base, { fetch: (url, how) => carry(life, this, url, how) });
    return { rows, saver, records, transport };
  }

  #factory(life) {
    return {
      open: (...given) => {
        if (life.dead) throw new Crash();
        const request = this.disk.open(...given);
        request.addEventListener("success", () => this.#watch(request.result, life), { once: true });
        return request;
      },
    };
  }

  #watch(database, life) {
    const transaction = database.transaction.bind(database);
    database.transaction = (stores, mode, options) => {
      if (life.dead) throw new Crash();
      if (mode !== "readwrite" || !this.crashAt) return transaction(stores, mode, options);
      const when = this.crashAt;
      this.crashAt = "";
      if (when === "before") {
        this.#crash(life);
        throw new Crash();
      }
      const made = transaction(stores, mode, options);
      made.addEventListener("complete", (event) => {
        this.#crash(life);
        event.stopImmediatePropagation();
      });
      return made;
    };
  }

  #crash(life) {
    life.dead = true;
    this.app = null;
    life.crashed();
  }

  /** Everything on disk, as a copy of the phone would have it. */
  async copy() {
    const { rows } = await this.program();
    await rows.refresh();
    const database = await opened(this.disk.open("store"));
    const store = database.transaction("rows").objectStore("rows");
    const [keys, values] = await Promise.all([opened(store.getAllKeys()), opened(store.getAll())]);
    database.close();
    return keys.map((key, index) => [key, values[index]]);
  }

  async putBack(copy) {
    if (this.app) this.#crash(this.app.life);
    this.crashAt = "";
    this.disk = new IDBFactory();
    const request = this.disk.open("store", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("rows");
    const database = await opened(request);
    const transaction = database.transaction("rows", "readwrite");
    for (const [key, value] of copy) transaction.objectStore("rows").put(value, key);
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    database.close();
  }
}

function opened(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

// -- the network -----------------------------------------------------------------------

const answers = new Map();
let calls = 0;

async function carry(life, phone, url, { method, headers, body, signal }) {
  if (life.dead) return new Promise(() => {});
  const id = (calls += 1);
  const packed = body ? Buffer.from(body).toString("base64") : "";
  const answered = new Promise((resolve) => answers.set(id, resolve));
  say({ fetch: { id, phone: phone.name, method, url, headers, body: packed } });
  const aborted = new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const answer = await Promise.race([answered, aborted]);
  if (life.dead) return new Promise(() => {});
  if (answer.failed) throw new TypeError(answer.failed);
  const content = answer.status === 204 || method === "HEAD" ? null : Buffer.from(answer.body, "base64");
  return new Response(content, { status: answer.status, headers: answer.headers });
}

// -- what a phone is told to do --------------------------------------------------------

const phones = new Map();
const acts = {
  async enrol({ rows, transport, records }, { invitation }) {
    const profile = await enrol({ rows, transport, invitation: readInvitation(invitation) });
    await records.reload();
    return profile;
  },

  /** Write fields and send them; also what a phone would not, as another program could. */
  async write({ records }, { kind, record, fields }) {
    try {
      records.edit(kind, record, fields);
    } catch (error) {
      if (error.code !== "not_yours") throw error;
      draftPast(records, kind, record, fields);
    }
    return (await send(records, [record])).map(asTold);
  },

  async draft({ records, saver }, { kind, record, fields }) {
    const here = records.changesOf(record).map(({ hash }) => hash);
    try {
      records.edit(kind, record, fields);
    } catch (error) {
      if (error.code !== "not_yours") throw error;
      draftPast(records, kind, record, fields);
    }
    await saver.flush();
    return here;
  },

  async send({ records }) {
    return (await send(records, records.unsent().map(({ id }) => id))).map(asTold);
  },

  async sync(app) {
    return new Session(app).run();
  },

  /** Sending while a person goes on writing: each field at another moment of the conversation. */
  async busy(app, { kind, record, fields }) {
    const running = new Session(app).run().then((found) => ({ found }), (error) => ({ error }));
    for (const [path, value] of Object.entries(fields)) {
      app.records.edit(kind, record, { [path]: value });
      await send(app.records, [record]);
      await new Promise((resolve) => setTimeout(resolve));
    }
    const { found, error } = await running;
    if (error) throw error;
    return found;
  },

  async attach({ rows, records }, { observation, text, type }) {
    const bytes = new TextEncoder().encode(text);
    const sha256 = await sha256Hex(bytes);
    await rows.putFile(sha256, bytes, { type });
    const record = records.create("attachment", { observation, sha256, size: bytes.length, type });
    await send(records, [record]);
    return sha256;
  },

  /** All that there is on the phone. */
  async state({ rows, records }, { records: wanted = null }) {
    const changes = rows.entries("change/").map(([name, row]) => ({ hash: name.slice(7), ...row }));
    const receipts = Object.fromEntries(rows.entries("receipt/").map(([name, row]) => [name.slice(8), row.state]));
    const ids = wanted ?? records.sentIds();
    const folds = Object.fromEntries(ids.map((id) => [id, foldOf(records, id)]));
    const meta = Object.fromEntries(rows.entries("meta/").map(([name, value]) => [name.slice(5), value]));
    const files = Object.fromEntries(rows.entries("file/").map(([name, value]) => [name.slice(5), value]));
    const drafts = rows.names("draft/");
    return { changes, receipts, folds, meta, files, drafts, forks: rows.names("fork/").length };
  },

  async standings({ records }) {
    const found = standings(records).map(({ record, states, since, refusals }) => ({ id: record.id, states, since, refusals }));
    return { found, oldest: oldestUnsent(records) };
  },
};

/** As {@link Records.edit} would, without asking who may. */
function draftPast(records, kind, record, fields) {
  const heads = records.find(record)?.sent.heads ?? [];
  for (const [path, value] of Object.entries(fields)) {
    records.drafts.write(record, path, { kind, value, heads, at: records.now() });
  }
  records.changed?.([record]);
}

function foldOf(records, id) {
  const { values, conflicts, heads } = records.find(id)?.sent ?? { values: {}, conflicts: {}, heads: [] };
  return { values, conflicts: Object.keys(conflicts), heads };
}

function asTold({ payload, signature, hash }) {
  return { payload, signature, hash };
}

async function act({ phone: name, do: what, offset: seconds = 0, ...given }) {
  offset = seconds * 1000;
  if (what === "begin") {
    phones.set(name, new Phone(name, given.base));
    return {};
  }
  const phone = phones.get(name);
  if (what === "end") return void phones.delete(name);
  if (what === "crash") return void (phone.crashAt = given.when);
  if (what === "copy") return void (phone.kept = await phone.copy());
  if (what === "put_back") return phone.putBack(phone.kept);
  const app = await phone.program();
  const done = acts[what](app, given);
  const outcome = await Promise.race([done, app.crashed.then(() => null)]);
  if (app.life.dead) throw new Crash();
  return outcome;
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function comesOfCrash(error) {
  for (let one = error; one; one = one.cause) if (one instanceof Crash) return true;
  return false;
}

process.on("unhandledRejection", (error) => {
  // What a program that is gone would have said, nobody hears.
  if (!comesOfCrash(error) && error?.code !== "storage_lost") {
    process.stderr.write(`${error?.stack}\n`);
    process.exit(1);
  }
});

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const asked = JSON.parse(line);
  if (asked.answer) {
    const { id } = asked.answer;
    answers.get(id)?.(asked.answer);
    answers.delete(id);
    return;
  }
  try {
    say({ done: (await act(asked)) ?? null });
  } catch (error) {
    if (error instanceof Crash) say({ crashed: true });
    else if (error?.code) say({ refused: error.code, message: error.message, stack: error.stack });
    else say({ fault: String(error?.stack ?? error) });
  }
}).on("close", () => process.exit(0));

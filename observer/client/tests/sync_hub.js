/** A small headquarters for tests of the sending end: signs what it is told to, right or wrong. */

import { IDBFactory } from "fake-indexeddb";
import { make, wire } from "../src/protocol/change.js";
import { uuid7 } from "../src/protocol/ids.js";
import { DeviceKey, fingerprint } from "../src/protocol/keys.js";
import { send } from "../src/records/cut.js";
import { Records } from "../src/records/records.js";
import { Rows } from "../src/store/rows.js";
import { Saver } from "../src/store/saver.js";
import { enrol } from "../src/sync/enrol.js";
import { Session } from "../src/sync/session.js";
import { Transport } from "../src/sync/transport.js";
import { identity } from "./store_disk.js";

export const MISSION = "practice_1";
export const NOW = "2026-03-02T09:30:00.000Z";

/** Somebody who writes: a chain of signed changes. */
export class Writer {
  constructor(device, author, key) {
    Object.assign(this, { device, author, key, seq: 0, prev: "" });
  }

  static async named(author) {
    return new Writer(uuid7(), author, await DeviceKey.generate());
  }

  async write(kind, record, fields, parents = []) {
    const signer = { mission: MISSION, device: this.device, author: this.author, key: this.key };
    const change = await make(signer, {
      ...{ seq: (this.seq += 1), prev: this.prev, kind, record, parents, recordedAt: NOW, fields },
    });
    this.prev = change.hash;
    return change;
  }
}

/** Answers calls; `calls` are what came, `plan` has for each next call how it fails. */
export class Hub {
  static async open() {
    const hub = new Hub();
    hub.writer = await Writer.named("HQ");
    hub.epoch = uuid7();
    hub.own = [await hub.writer.write("device", hub.writer.device, hub.fields("HQ", "hub", hub.writer.key))];
    return hub;
  }

  calls = [];
  plan = [];
  own = [];
  pages = [];
  taken = new Map();
  sheets = 0;
  evidence = [];

  fields(author, role, key) {
    return { author, role, public_key: key.publicKey };
  }

  async invitation() {
    const hub = await fingerprint(this.writer.key.publicKey);
    return { address: "http://hub.invalid", mission: MISSION, code: "C", hub, practice: true };
  }

  /** The record of a device, signed by this headquarters. */
  record(device, author, key, role = "observer") {
    return this.writer.write("device", device, this.fields(author, role, key));
  }

  async sheet(receipts, { by = this.writer, epoch = this.epoch } = {}) {
    const payload = JSON.stringify({
      ...{ v: 1, mission: MISSION, hub: by.device, epoch, sheet: (this.sheets += 1), prev: "" },
      ...{ issued_at: NOW, receipts },
    });
    return { payload, signature: await by.key.sign("receipt", payload) };
  }

  receipt(hash, more = {}) {
    return { hash, device: "", seq: 1, state: "stored", hub_seq: this.taken.size, received_at: NOW, ...more };
  }

  fetch = async (url, how) => {
    const call = new URL(url).pathname.split("/").pop();
    this.calls.push({ call, how, url });
    const planned = this.plan.shift();
    if (planned) return planned(call, how);
    const body = how.body && JSON.parse(await text(how));
    return said(await this[`_${call}`](body, url, how));
  };

  async _enrol({ payload }) {
    const { device, public_key } = JSON.parse(payload);
    const mine = await this.record(device, "ANNA", { publicKey: public_key });
    return {
      ...{ ok: true, token: "t", mission: MISSION, author: "ANNA", role: "observer", practice: true },
      hub: { device: this.writer.device, public_key: this.writer.key.publicKey },
      ...{ epoch: this.epoch, changes: [...this.own, mine].map(wire) },
    };
  }

  async _token() {
    return { ok: true, token: "fresh" };
  }

  async _push({ changes, receipts: former = [] }) {
    this.evidence.push(...former);
    const hashes = [];
    for (const change of changes) {
      const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(change.payload)));
      const hash = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      this.taken.set(hash, change);
      hashes.push(hash);
    }
    const receipts = [await this.sheet(hashes.map((hash) => this.receipt(hash)))];
    return { ...this.rest, heads: {}, known: [], stopped: {}, receipts };
  }

  async _pull() {
    return { ...this.rest, changes: [], receipts: [], forget: [], cursor: "c", head: {}, more: false, ...this.pages.shift() };
  }

  async _heads({ devices }) {
    return { ...this.rest, heads: Object.fromEntries(devices.map((device) => [device, { seq: 0, hash: "" }])) };
  }

  get rest() {
    return { ok: true, epoch: this.epoch, backed_up_seq: 0 };
  }
}

async function text({ headers, body }) {
  if (headers["Content-Encoding"] !== "gzip") return new TextDecoder().decode(body);
  return new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

/** An answer of headquarters. */
export function said(document, { status = 200, headers = {} } = {}) {
  return new Response(JSON.stringify(document), { status, headers: { "Trial-Sync": "1", ...headers } });
}

export function refused(code, more = {}, { status = 409, headers = {} } = {}) {
  return said({ ok: false, code, error: code, status, retry: false, ...more }, { status, headers });
}

/** An enrolled phone and its headquarters. */
export async function enrolled(hub) {
  const headquarters = hub ?? (await Hub.open());
  const rows = await Rows.open({ vault: identity, factory: new IDBFactory() });
  const saver = new Saver(rows);
  const transport = new Transport("http://hub.invalid/sync/v1", { fetch: headquarters.fetch });
  const profile = await enrol({ rows, transport, invitation: await headquarters.invitation() });
  const records = await Records.open({ rows, saver });
  const session = (more = {}) => new Session({ records, rows, transport, ...more });
  return { hub: headquarters, rows, saver, records, transport, profile, session };
}

/** A record that is written and cut on a phone. */
export async function written(phone, fields = { title: "Fictional case 1" }) {
  const id = phone.records.create("case", fields);
  const [change] = await send(phone.records, [id]);
  return { id, change };
}

/** A colleague whose device headquarters has enrolled, and the record of it. */
export async function colleague(hub, author = "BEN", role = "observer") {
  const writer = await Writer.named(author);
  return { writer, record: await hub.record(writer.device, author, writer.key, role) };
}

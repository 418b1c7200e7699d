/**
 * What is read off the changes of headquarters: who is enrolled, and what was erased. Only what a
 * hub signed counts here, whoever carried it and whatever was said of it.
 */

import { envelopeOf } from "../protocol/change.js";
import { fold } from "../protocol/fold.js";

/** @typedef {import("./log.js").Entry} Entry */
/** @typedef {{device: string, author: string, role: string, public_key: string, revoked_at: string | null, expires_at: string | null}} Device */
/** @typedef {{erasure: string, kept: string | null, restated: Record<string, any>}} Erased */

export const HUB = "hub";
export const RELAY = "relay";
const HEADQUARTERS = "HQ";

export class Registry {
  /** @type {Map<string, Device>} */
  devices = new Map();
  /** What is erased, by hash; for ever. @type {Map<string, Erased>} */
  erased = new Map();
  /** What was said of each device, by hash. @type {Map<string, Map<string, any>>} */
  #said = new Map();
  /** Devices that the pinned ones vouch for wait for them. @type {{entry: Entry, set: any}[]} */
  #waiting = [];

  /** @param {import("./log.js").Log} log */
  constructor(log) {
    this.log = log;
    this.#pinAll();
  }

  /** Begin anew. */
  clear() {
    this.devices.clear();
    this.erased.clear();
    this.#said.clear();
    this.#waiting = [];
    this.#pinAll();
  }

  #pinAll() {
    for (const { device, public_key } of this.log.meta("hubs") ?? []) this.pin(device, public_key);
  }

  /**
   * Take a device for a headquarters.
   * @param {string} device
   * @param {string} publicKey
   */
  pin(device, publicKey) {
    if (!this.devices.has(device)) {
      const nothing = { revoked_at: null, expires_at: null };
      this.devices.set(device, { device, author: HEADQUARTERS, role: HUB, public_key: publicKey, ...nothing });
    }
    this.#again();
  }

  /**
   * Take in a change, if it is headquarters' and says something about devices or erasing.
   *
   * @param {Entry} entry
   * @param {Record<string, any> | undefined} set its fields; of an erased one there are none
   */
  take(entry, set) {
    if (!set || entry.row.state !== "stored" || (entry.kind !== "device" && entry.kind !== "erasure")) return;
    if (this.devices.get(entry.device)?.role !== HUB) {
      this.#waiting.push({ entry, set });
    } else if (entry.kind === "device") {
      this.#takeDevice(entry, set);
    } else {
      this.#takeErasure(entry, set);
    }
  }

  #again() {
    for (const { entry, set } of this.#waiting.splice(0)) this.take(entry, set);
  }

  /** @param {Entry} entry @param {Record<string, any>} set */
  #takeDevice(entry, set) {
    const said = this.#said.get(entry.record) ?? new Map();
    this.#said.set(entry.record, said);
    const { hash, parents, author, recorded_at } = entry;
    said.set(hash, { hash, parents, author, recorded_at, set, counts: true });
    const { values } = fold(said.values());
    if (typeof values.public_key !== "string") return;
    const wasHub = this.devices.get(entry.record)?.role === HUB;
    this.devices.set(entry.record, {
      device: entry.record,
      author: String(values.author),
      role: wasHub ? HUB : String(values.role),
      public_key: values.public_key,
      revoked_at: values.revoked_at ?? null,
      expires_at: values.expires_at ?? null,
    });
    if (!wasHub && values.role === HUB) this.#again();
  }

  /** @param {Entry} entry @param {Record<string, any>} set */
  #takeErasure(entry, set) {
    for (const hash of Array.isArray(set.hashes) ? set.hashes : []) {
      if (typeof hash !== "string" || this.erased.has(hash)) continue;
      this.erased.set(hash, { erasure: entry.hash, kept: set[`kept/${hash}`] ?? null, restated: restated(set, hash) });
    }
  }

  /** Do what erasures say that came since the last time; inside a transaction of the log. */
  erase() {
    for (const [hash] of this.erased) {
      const aside = this.log.get(`fork/${hash}`);
      if (aside?.payload) this.log.set(`fork/${hash}`, { ...aside, payload: "" });
      const entry = this.log.entry(hash);
      if (!entry?.row.payload) continue;
      const { kind, set } = JSON.parse(entry.row.payload);
      if (kind === "attachment" && typeof set.sha256 === "string") this.log.setMeta({ [`erased/${set.sha256}`]: true });
      this.log.alter(hash, { envelope: envelopeOf(entry.row.payload), payload: undefined, restated: this.erased.get(hash)?.restated });
    }
  }
}

/**
 * What headquarters says in the place of one erased change, by field path.
 * @param {Record<string, any>} set
 * @param {string} hash
 */
function restated(set, hash) {
  const start = `restated/${hash}/`;
  const pairs = Object.entries(set).filter(([path]) => path.startsWith(start));
  return Object.fromEntries(pairs.map(([path, value]) => [path.slice(start.length), value]));
}

/** What the tests of records begin with: an enrolled phone, colleagues, and a small checklist. */

import { IDBFactory } from "fake-indexeddb";
import { b64url } from "../src/protocol/bytes.js";
import { make } from "../src/protocol/change.js";
import { DeviceKey } from "../src/protocol/keys.js";
import { uuid7 } from "../src/protocol/ids.js";
import { Records } from "../src/records/records.js";
import { Rows } from "../src/store/rows.js";
import { Saver } from "../src/store/saver.js";
import { identity } from "./store_disk.js";

export const CHECKLIST = "c".repeat(64);
const checklist = {
  id: "small",
  sha256: CHECKLIST,
  sections: [],
  gates: new Set(),
  items: new Map([
    ["a.title", { id: "a.title", scope: "case" }],
    ["b.open", { id: "b.open", scope: "hearing" }],
  ]),
};

/** One phone's store and records; `again` opens the same database as another tab or later start. */
export async function desk({ factory = new IDBFactory(), vault = identity } = {}) {
  const rows = await Rows.open({ vault, factory });
  if (!rows.get("meta/profile")) {
    const key = await DeviceKey.generate();
    const profile = { mission: "practice_1", device: uuid7(), author: "A1", role: "observer", practice: true };
    await rows.write({ put: [["meta/profile", profile], ["meta/key", b64url(key.seed)]] });
  }
  const saver = new Saver(rows);
  const records = await Records.open({ rows, saver, checklist });
  return { factory, rows, saver, records, again: () => desk({ factory, vault }) };
}

/** A case with a hearing, two persons and an observation, as drafts. */
export function court(records) {
  const trial = records.create("case", { title: "Fictional case 7" });
  const hearing = records.create("hearing", { case: trial, date: "2026-03-02" });
  const people = ["D1", "J1"].map((code) =>
    records.create("person", { case: trial, code, role: code === "D1" ? "accused" : "judge" }),
  );
  const observation = records.create("observation", { case: trial, hearing, checklist: CHECKLIST });
  return { trial, hearing, people, observation };
}

/** Somebody else's device, with a chain of its own. */
export async function colleague(author = "B2") {
  const signer = { mission: "practice_1", device: uuid7(), author, key: await DeviceKey.generate() };
  let [seq, prev] = [0, ""];
  return async ({ kind, record = uuid7(), parents = [], fields, recordedAt = "2026-03-02T09:30:00.000Z" }) => {
    const change = await make(signer, { seq: (seq += 1), prev, kind, record, parents, recordedAt, fields });
    prev = change.hash;
    return change;
  };
}

/** The row in which a change that came with a pull lies. */
export function pulled(change, { state = "stored", code = null, own = false } = {}) {
  const { payload, signature, hash } = change;
  return [`change/${hash}`, { payload, signature, state, code, at: "2026-03-02T10:00:00.000Z", own }];
}

/** Plain objects, as the fold's have no prototype. */
export function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

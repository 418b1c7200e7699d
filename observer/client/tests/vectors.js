/** The vectors and checklists that Python's tests read too. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { readChecklist } from "../src/rules/checklist.js";

const SCHEMAS = new URL("../../../schemas/", import.meta.url);

/** A file of `schemas/vectors/`. */
export function vectors(name) {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, SCHEMAS), "utf8"));
}

/** A published checklist by its id, as the shell gives it to the client. */
export function checklist(id) {
  const ledger = JSON.parse(readFileSync(new URL("checklists/published.json", SCHEMAS), "utf8"));
  const { file, sha256 } = ledger.findLast((entry) => entry.id === id);
  const body = readFileSync(new URL(`checklists/${file}`, SCHEMAS));
  if (createHash("sha256").update(body).digest("hex") !== sha256) throw new Error(file);
  return readChecklist({ ...JSON.parse(body.toString("utf8")), sha256 });
}

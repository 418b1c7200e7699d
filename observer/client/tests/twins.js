/**
 * The twins as a program: a JSON line in, a JSON line out. `tests/client/test_twins.py` asks it and
 * the Python side the same.
 */

import { createInterface } from "node:readline";

import { fromB64url } from "../src/protocol/bytes.js";
import { envelopeOf, keptHash, read, readErased } from "../src/protocol/change.js";
import { isInstant, secondsOf } from "../src/protocol/clock.js";
import { native, noble } from "../src/protocol/ed25519.js";
import { Refusal } from "../src/protocol/errors.js";
import { RecordFold, fold } from "../src/protocol/fold.js";
import { DeviceKey, check, fingerprint } from "../src/protocol/keys.js";
import { dump, parse } from "../src/protocol/payload.js";
import { issuerOf, readSheet } from "../src/protocol/receipts.js";
import { checkAnswer } from "../src/rules/answers.js";
import { assess } from "../src/rules/assess.js";
import { readChecklist } from "../src/rules/checklist.js";
import { proposals } from "../src/rules/derive.js";
import { lateEntries, phoneGaps } from "../src/rules/late.js";
import { moment } from "../src/rules/moment.js";
import { isZone } from "../src/rules/zones.js";

const engines = [native, await noble()];
const checklists = new Map();

/** Each call by its name; what it is given is the line, what it gives back is the answer. */
const CALLS = {
  parse: ({ text }) => ({ document: parse(text) }),
  dump: ({ document }) => ({ text: dump(document) }),
  instant: ({ text }) => ({ sound: isInstant(text), seconds: isInstant(text) ? secondsOf(text) : 0 }),
  change: async ({ payload, signature, counts }) => ({ change: await read(payload, signature, { counts }) }),
  kept: async ({ payload, signature }) => {
    const envelope = envelopeOf(payload);
    return { envelope, kept: await keptHash(envelope, signature) };
  },
  erased: async ({ envelope, signature, hash, restated }) => ({
    change: await readErased(envelope, signature, hash, restated),
  }),
  fold: folded,
  sign: async ({ seed, purpose, payload }) => {
    const keys = await Promise.all(engines.map((by) => DeviceKey.load(fromB64url(seed), by)));
    const signatures = await Promise.all(keys.map((key) => key.sign(purpose, payload)));
    const { publicKey } = keys[0];
    return { keys: keys.map((key) => key.publicKey), signatures, print: await fingerprint(publicKey) };
  },
  check: async ({ key, purpose, payload, signature }) => ({
    holds: await Promise.all(
      engines.map((by) =>
        check(key, purpose, payload, signature, by).then(
          () => true,
          (error) => error.code,
        ),
      ),
    ),
  }),
  sheet: async ({ wire, mission, key }) => ({
    issuer: issuerOf(wire),
    ...(await readSheet(wire, mission, key)),
  }),
  checklist: ({ name, json }) => {
    checklists.set(name, readChecklist(json));
    return {};
  },
  answer: ({ checklist, item, answer }) => ({
    problems: checkAnswer(checklists.get(checklist).items.get(item), answer),
  }),
  observation: ({ checklist, given, hearing, persons, observation }) => {
    const list = checklists.get(checklist);
    const { blocking, ...found } = assess(list, given, hearing, persons, observation);
    const offered = proposals(list, hearing, persons, observation);
    return { ...found, blocking: blocking().map(({ key }) => key), offered };
  },
  moment: ({ at }) => ({ micros: whole(moment({ at })) }),
  zone: ({ name }) => ({ taken: isZone(name) }),
  late: ({ observation }) => ({
    gaps: phoneGaps(observation),
    late: [...lateEntries(observation)].sort(),
  }),
};

/** A number of any size as JSON has it. */
function whole(number) {
  return number === null ? null : String(number);
}

/** Folds a record at once, and again one by one in another order and with some twice. */
async function folded({ changes, order }) {
  const all = await Promise.all(
    changes.map(({ wire, counts, restated }) =>
      wire.envelope === undefined
        ? read(wire.payload, wire.signature, { counts })
        : readErased(wire.envelope, wire.signature, wire.hash, restated ?? {}),
    ),
  );
  const grown = new RecordFold();
  for (const index of order) grown.add(all[index]);
  return { at_once: fold(all), grown: grown.result };
}

async function answer(line) {
  const { call, ...given } = JSON.parse(line);
  try {
    return await CALLS[call](given);
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.code };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}

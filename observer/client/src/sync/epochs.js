/**
 * Epochs: a restored hub never continues its old chain, it begins anew with another key. Twin of
 * `sync/epochs.py`.
 *
 * What makes a device follow is a statement that the former hub's key signed: which device and key
 * come after it. Devices then ask what the hub still holds, and send again what is missing.
 */

import { Refusal } from "../protocol/errors.js";
import { check } from "../protocol/keys.js";
import { doubtHeld, markHeldUpto } from "./receipts.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {{mission: string, former: string, hub: string, public_key: string, epoch: string}} Succession */

const AT_ONCE = 100; // devices in one question
const NOT_PROVED =
  "What answered could not prove that it is headquarters. Nothing is counted as received; your " +
  "changes stay here. Tell headquarters.";

/**
 * A statement whose signature is the former hub's.
 *
 * @param {any} wire
 * @param {string} formerKey
 * @returns {Promise<Succession>}
 * @throws {Refusal} `forged_receipt`: it is not
 */
async function readSuccession(wire, formerKey) {
  try {
    await check(formerKey, "epoch", wire.payload, wire.signature);
    const found = JSON.parse(wire.payload);
    const names = ["mission", "former", "hub", "public_key", "epoch"];
    if (names.every((name) => typeof found[name] === "string")) return found;
  } catch (error) {
    throw new Refusal("forged_receipt", NOT_PROVED, { cause: error });
  }
  throw new Refusal("forged_receipt", NOT_PROVED);
}

/**
 * Follow the hub's successions from the one known here. Nothing is counted as held by the new hub
 * until it has said so.
 *
 * @param {Log} log
 * @param {unknown} statements
 * @returns {Promise<boolean>} whether there was one to follow
 * @throws {Refusal} `forged_receipt`: a statement about the hub known here is not signed by it
 */
export async function adopt(log, statements) {
  let left = Array.isArray(statements) ? statements : [];
  let moved = false;
  for (;;) {
    const following = left.find((wire) => formerOf(wire) === log.meta("hub_device"));
    if (!following) return moved;
    left = left.filter((wire) => wire !== following);
    const found = await readSuccession(following, log.meta("hub_key"));
    if (found.mission !== log.meta("profile").mission) throw new Refusal("forged_receipt", NOT_PROVED);
    await log.transaction(() => {
      log.trustHub(found.hub, found.public_key);
      log.setMeta({ epoch: found.epoch, cursor: "", backed_up_seq: 0 });
      doubtHeld(log);
    });
    moved = true;
  }
}

/**
 * After a restore: count as held only what the hub says it has of each chain.
 *
 * @param {Log} log
 * @param {import("./transport.js").Transport} transport
 * @throws {Refusal} not reached, or refused
 */
export async function askWhatIsHeld(log, transport) {
  const { author } = log.meta("profile");
  const devices = [...log.registry.devices.keys()];
  for (let start = 0; start < devices.length; start += AT_ONCE) {
    const { heads } = await transport.post("heads", { devices: devices.slice(start, start + AT_ONCE) });
    await log.transaction(() => {
      for (const [device, { seq, hash }] of Object.entries(heads ?? {})) {
        const here = log.hashAt(device, seq);
        // Of others' chains only parts are here. Of one's own all is: where its end there is not
        // here, or another, all of it is sent, and told as a fork if it is one.
        const isPart = here === "" && log.device(device)?.author !== author;
        markHeldUpto(log, device, here === hash || isPart ? seq : 0);
      }
    });
  }
}

/** @param {any} wire */
function formerOf(wire) {
  try {
    return String(JSON.parse(wire.payload).former);
  } catch {
    return "";
  }
}

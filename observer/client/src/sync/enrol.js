/**
 * Invitations, and the texts a device signs to enrol, to sign in and to be followed by another.
 * Twin of `sync/invitation.py` and of the enrolment in `observer/profile.py`.
 *
 * A device never signs bytes that a server chose: it composes the text itself.
 */

import { b64url, fromB64url } from "../protocol/bytes.js";
import { now as clock } from "../protocol/clock.js";
import { Refusal } from "../protocol/errors.js";
import { uuid7 } from "../protocol/ids.js";
import { DeviceKey, fingerprint } from "../protocol/keys.js";
import { Log } from "./log.js";
import { believe } from "./trust.js";

/** @typedef {import("../store/rows.js").Rows} Rows */
/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {{address: string, mission: string, code: string, hub: string, practice: boolean}} Invitation `hub`: first digits of the fingerprint */
/** @typedef {{mission: string, device: string, author: string, role: string, practice: boolean, address: string, hub: string}} Profile `hub`: fingerprint */

const HUB_DIGITS = /^[0-9a-f]{16,64}$/;
const NOT_WHOLE =
  "This is not a whole invitation. Copy the line that headquarters gave you, from http to its end.";
const NOT_ENCRYPTED =
  "This is a real mission, and this version cannot encrypt its store yet. Only practice missions " +
  "may be entered on this device.";

/**
 * An invitation as typed or scanned.
 *
 * @param {string} text
 * @returns {Invitation}
 * @throws {Refusal} `bad_request`: it is cut off or not an invitation
 */
export function readInvitation(text) {
  const [address, fragment = ""] = text.trim().split("#", 2);
  const values = new URLSearchParams(fragment);
  const [mission, code, hub, practice] = ["mission", "code", "hub", "practice"].map((name) => values.get(name));
  if (!address || !mission || !code || !practice || !hub || !HUB_DIGITS.test(hub)) {
    throw new Refusal("bad_request", NOT_WHOLE);
  }
  const plain = address.split("?", 1)[0].replace(/\/+$/, "");
  return { address: plain, mission, code, hub, practice: practice === "1" };
}

/**
 * Use an invitation: make the device's key, prove it, keep what headquarters answers.
 *
 * The device's id and key are kept before the first try, so that one whose answer was lost can be
 * repeated: headquarters knows who used the code.
 *
 * @param {{rows: Rows, invitation: Invitation, transport: Transport, now?: () => string}} options
 * @returns {Promise<Profile>}
 * @throws {Refusal} `already_set_up`: there is a mission here; `store_not_encrypted`: it is a real
 *   one; `forged_receipt`: not the headquarters of this invitation; or as headquarters refused
 */
export async function enrol({ rows, invitation, transport, now = clock }) {
  if (rows.get("meta/profile")) {
    throw new Refusal("already_set_up", "This device holds a mission already.");
  }
  if (!invitation.practice) throw new Refusal("store_not_encrypted", NOT_ENCRYPTED);
  const { device, key } = await beginning(rows);
  const answer = await transport.post("enrol", await enrolBody(invitation, device, key, now()));
  const profile = await profileOf(answer, invitation, device, transport.base);
  await keep(rows, profile, key, answer, now);
  transport.token = String(answer.token ?? "");
  return profile;
}

/**
 * @param {Rows} rows
 * @returns {Promise<{device: string, key: DeviceKey}>}
 */
async function beginning(rows) {
  const begun = rows.get("meta/enrolling");
  if (begun) return { device: begun.device, key: await DeviceKey.load(fromB64url(begun.key)) };
  const [device, key] = [uuid7(), await DeviceKey.generate()];
  await rows.write({ put: [["meta/enrolling", { device, key: b64url(key.seed) }]] });
  return { device, key };
}

/**
 * @param {Record<string, any>} answer
 * @param {Invitation} invitation
 * @param {string} device
 * @param {string} address
 * @returns {Promise<Profile>}
 */
async function profileOf(answer, invitation, device, address) {
  const hub = await fingerprint(String(answer.hub?.public_key));
  if (!hub.startsWith(invitation.hub) || answer.mission !== invitation.mission) {
    throw new Refusal(
      "forged_receipt",
      "What answered is not the headquarters of this invitation. Nothing was set up.",
    );
  }
  if (answer.practice !== true) throw new Refusal("store_not_encrypted", NOT_ENCRYPTED);
  const [mission, author, role] = [answer.mission, answer.author, answer.role].map(String);
  return { mission, device, author, role, practice: true, address, hub };
}

/**
 * All that begins with a mission, in one transaction.
 *
 * @param {Rows} rows
 * @param {Profile} profile
 * @param {DeviceKey} key
 * @param {Record<string, any>} answer
 * @param {() => string} now
 */
async function keep(rows, profile, key, answer, now) {
  const log = new Log(rows);
  await log.transaction(async () => {
    log.setMeta({ profile, key: b64url(key.seed) });
    log.trustHub(String(answer.hub.device), String(answer.hub.public_key));
    log.setMeta({ epoch: String(answer.epoch), cursor: "", backed_up_seq: 0 });
    log.remove("meta/enrolling");
    await believe(log, answer.changes ?? [], now);
  });
}

/**
 * The body of `POST enrol`: the proof that the device holds its key and knows the code.
 *
 * @param {Invitation} invitation
 * @param {string} device
 * @param {DeviceKey} key
 * @param {string} at
 */
export async function enrolBody({ code, hub, mission }, device, key, at) {
  return signed(key, "enrol", { code, device, hub, mission, public_key: key.publicKey, at });
}

/**
 * The body of `POST token`: good once.
 *
 * @param {{hub: string, mission: string, device: string, key: DeviceKey, at: string}} sign `hub`: fingerprint
 */
export async function tokenBody({ hub, mission, device, key, at }) {
  return signed(key, "token", { aud: hub, mission, nonce: nonce(), device, at });
}

/**
 * The body of `POST renew`: the device names the one that goes on in its place. Signed with both
 * keys in turn: the old one over the text, the new one over the old signature.
 *
 * @param {{hub: string, mission: string, device: string, key: DeviceKey, successor: string, next: DeviceKey, at: string}} sign
 */
export async function renewBody({ hub, mission, device, key, successor, next, at }) {
  const document = { aud: hub, mission, nonce: nonce(), device, successor, public_key: next.publicKey, at };
  const body = await signed(key, "enrol", document);
  return { ...body, proof: await next.sign("enrol", body.signature) };
}

/**
 * @param {DeviceKey} key
 * @param {string} purpose
 * @param {Record<string, string>} document
 */
async function signed(key, purpose, document) {
  const payload = JSON.stringify(document);
  return { payload, signature: await key.sign(purpose, payload) };
}

function nonce() {
  return b64url(crypto.getRandomValues(new Uint8Array(18)));
}

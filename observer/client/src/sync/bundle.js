/**
 * A bundle: changes and files in one encrypted file, to be carried by hand when nothing else works.
 * Twin of the writing half of `sync/bundle.py` and of `outgoing` in `sync/by_hand.py`; both ends of
 * `import-bundle` read it. It may be brought in any number of times.
 */

import { utf8 } from "../protocol/bytes.js";
import { Files } from "./files.js";
import { Log } from "./log.js";
import { tarEnd, tarHeader, tarPadding } from "./tar.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{payload: string, signature: string}} Wire */
/** @typedef {{sha256: string, size: number, row: string}} Carried */
/** @typedef {{changes: Wire[], written: number, files: Carried[]}} Load `written`: how many of the changes headquarters lacks */

const MAGIC = "trial-observer-bundle/1\n";
// Crockford's base 32: no I, L, O, U, so that it can be read out and typed. As `sync/invitation.py`.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 26; // characters, 130 bits
const GROUP = 5;
// The passphrase is random and long, so nothing is gained by a work factor that takes a quarter of a
// gigabyte, which a phone may not have: 2^14 takes 16 MB.
const WORK = 14;

/** A fresh passphrase, in groups for the eye. */
export function newPassphrase() {
  const plain = [...crypto.getRandomValues(new Uint8Array(CODE_LENGTH))].map((byte) => ALPHABET[byte % 32]).join("");
  return plain.match(new RegExp(`.{1,${GROUP}}`, "g"))?.join("-") ?? plain;
}

/**
 * What waits for headquarters: the author's changes, each device's record before what it wrote, and
 * the files that headquarters does not have.
 *
 * @param {import("../store/rows.js").Rows} rows
 * @returns {Load}
 */
export function loadOf(rows) {
  const log = new Log(rows);
  const { author } = rows.get("meta/profile");
  const devices = [...log.registry.devices.values()].filter((device) => device.author === author).map(({ device }) => device);
  const records = devices.flatMap((device) => log.ofRecord(device));
  const written = devices.flatMap((device) => log.ofDevice(device)).filter(({ hash }) => !log.holds(hash));
  const changes = [...records, ...written].flatMap(({ row }) => (row.payload === undefined ? [] : [{ payload: row.payload, signature: row.signature }]));
  const files = new Files(log).waiting().map(({ sha256 }) => ({ sha256, ...sizeAndRow(log, sha256) }));
  return { changes, written: written.length, files };
}

/**
 * @param {Log} log
 * @param {string} sha256
 * @returns {{size: number, row: string}}
 */
function sizeAndRow(log, sha256) {
  const { size, row } = log.get(`file/${sha256}`);
  return { size, row };
}

/**
 * Write a bundle. Files are read one after another, so that only one is in memory at a time.
 *
 * @param {object} options
 * @param {string} options.passphrase
 * @param {string} options.mission
 * @param {string} options.madeAt RFC 3339
 * @param {Load} options.load
 * @param {(row: string) => Promise<Bytes>} options.open gives the bytes of a file
 * @param {(done: number, total: number) => void} [options.progress] in bytes
 * @returns {Promise<Blob>}
 */
export async function writeBundle({ passphrase, mission, madeAt, load, open, progress = () => {} }) {
  const { Encrypter, generateX25519Identity, identityToRecipient } = await import("age-encryption");
  const identity = await generateX25519Identity();
  const byPassphrase = new Encrypter();
  byPassphrase.setPassphrase(passphrase);
  byPassphrase.setScryptWorkFactor(WORK);
  const key = await byPassphrase.encrypt(identity);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, key.length);
  const byKey = new Encrypter();
  byKey.addRecipient(await identityToRecipient(identity));
  const plain = asStream(tarOf({ mission, madeAt, load, open, progress }));
  const sealed = await byKey.encrypt(plain);
  const body = await new Response(sealed).blob();
  return new Blob([utf8(MAGIC), length, new Uint8Array(key), body], { type: "application/octet-stream" });
}

/**
 * The tar that is inside, piece by piece.
 *
 * @param {{mission: string, madeAt: string, load: Load, open: (row: string) => Promise<Bytes>, progress: (done: number, total: number) => void}} options
 * @returns {AsyncGenerator<Bytes>}
 */
export async function* tarOf({ mission, madeAt, load, open, progress }) {
  const lines = utf8(load.changes.map((wire) => `${JSON.stringify(wire)}\n`).join(""));
  const header = utf8(JSON.stringify({ v: 1, mission, made_at: madeAt, changes: load.changes.length }));
  const total = load.files.reduce((sum, { size }) => sum + size, lines.length);
  yield* member("bundle.json", header);
  yield* member("changes.jsonl", lines);
  let done = lines.length;
  progress(done, total);
  for (const { sha256, row } of load.files) {
    const bytes = await open(row);
    yield* member(`blobs/${sha256}`, bytes);
    done += bytes.length;
    progress(done, total);
  }
  yield tarEnd();
}

/**
 * @param {string} name
 * @param {Bytes} bytes
 * @returns {Generator<Bytes>}
 */
function* member(name, bytes) {
  yield tarHeader(name, bytes.length);
  if (bytes.length) yield bytes;
  const rest = tarPadding(bytes.length);
  if (rest.length) yield rest;
}

/**
 * @param {AsyncGenerator<Bytes>} pieces
 * @returns {ReadableStream<Uint8Array>}
 */
function asStream(pieces) {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

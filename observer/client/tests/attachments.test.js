import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { addFile, attachments, dropOriginals, filesWaiting, takeBack } from "../src/records/attachments.js";
import { send, sendSitting } from "../src/records/cut.js";
import { court, desk } from "./records_desk.js";
import { faulty, onDisk } from "./store_disk.js";

const pdf = (words) => new Blob([`%PDF-1.4\n% ${words}\n`]);

test("a document is kept as it is, in one transaction with its record", async () => {
  const { factory, seen } = faulty();
  const { records, saver, again } = await desk({ factory });
  const { observation } = court(records);
  await saver.flush();
  const before = seen.writes;
  const id = await addFile(records, pdf("fictional"), { observation });
  await saver.flush();
  assert.equal(seen.writes, before + 1);
  const { records: later } = await again();
  const [found] = attachments(later, observation);
  assert.equal(found.record.id, id);
  assert.equal(found.kind, "document");
  assert.equal(found.state, "unsent");
  const { sha256, original_sha256: original, size, type, derived, practice } = found.record.values;
  assert.deepEqual([size, type, derived, practice], [21, "application/pdf", false, true]);
  assert.equal(sha256, original);
  const bytes = await later.rows.file(later.rows.get(`file/${sha256}`).row);
  assert.equal(new TextDecoder().decode(bytes), "%PDF-1.4\n% fictional\n");
});

test("where there is no room neither the file nor its record is there", async () => {
  const { factory, seen } = faulty();
  const { records, saver } = await desk({ factory });
  const { observation } = court(records);
  await saver.flush();
  seen.plan.push("QuotaExceededError");
  await assert.rejects(addFile(records, pdf("fictional"), { observation }), { code: "storage_full" });
  assert.deepEqual(attachments(records, observation), []);
  assert.ok(!(await onDisk(seen.real)).some(({ text }) => text.includes("%PDF")));
  await addFile(records, pdf("fictional"), { observation });
  assert.equal(attachments(records, observation).length, 1);
});

test("what is taken back before it was sent leaves no bytes; a twin's content stays", async () => {
  const factory = new IDBFactory();
  const { records, saver } = await desk({ factory });
  const { observation } = court(records);
  const [one, other] = [await addFile(records, pdf("same"), { observation }), await addFile(records, pdf("same"), { observation })];
  await takeBack(records, one);
  assert.equal(attachments(records, observation).length, 1);
  assert.ok((await onDisk(factory)).some(({ text }) => text.includes("%PDF")));
  await takeBack(records, other);
  await saver.flush();
  assert.deepEqual(attachments(records, observation), []);
  assert.ok(!(await onDisk(factory)).some(({ text }) => text.includes("%PDF") || text.includes("application/pdf")));
});

test("what was sent is withdrawn, and its change stays", async () => {
  const { records } = await desk();
  const { observation } = court(records);
  const id = await addFile(records, pdf("sent"), { observation });
  await sendSitting(records, observation);
  assert.equal(attachments(records, observation)[0].state, "here");
  assert.deepEqual(filesWaiting(records).waiting, 1);
  await takeBack(records, id);
  const [change] = await send(records, [id]);
  assert.equal(change.set.withdrawn.reason, "taken back");
  assert.deepEqual(attachments(records, observation), []);
});

test("what stands in a file's row is what is shown", async () => {
  const { records, rows } = await desk();
  const { observation } = court(records);
  await addFile(records, pdf("shown"), { observation });
  await sendSitting(records, observation);
  const [{ record }] = attachments(records, observation);
  const name = `file/${record.values.sha256}`;
  const says = async (more) => {
    await rows.write({ put: [[name, { ...rows.get(name), ...more }]] });
    const [{ state, percent, code }] = attachments(records, observation);
    return [state, percent, code];
  };
  assert.deepEqual(await says({ state: "sending", offset: 4 }), ["sending", 23, ""]);
  assert.deepEqual(await says({ state: "refused", code: "over_quota" }), ["refused", 0, "over_quota"]);
  assert.deepEqual(await says({ state: "received", code: "" }), ["received", 0, ""]);
  assert.equal(await dropOriginals(records), 0);
});

test("another observer's record gets no file, and a reader adds none", async () => {
  const { records } = await desk();
  const { observation } = court(records);
  records.readOnly = true;
  await assert.rejects(addFile(records, pdf("fictional"), { observation }), { code: "read_only" });
  records.readOnly = false;
  await assert.rejects(addFile(records, new Blob(["hello"]), { observation }), { code: "wrong_blob_type" });
});

/** Calls: what is sent, and what of the answers is believed to be headquarters'. */

import assert from "node:assert/strict";
import test from "node:test";
import { CaptivePortal, HubRefused, Transport } from "../src/sync/transport.js";
import { refused, said } from "./sync_hub.js";

const BASE = "http://hub.invalid/sync/v1/";

function answering(answer) {
  const calls = [];
  const fetch = async (url, how) => {
    calls.push({ url, ...how });
    return typeof answer === "function" ? answer(url, how) : answer;
  };
  return { calls, transport: new Transport(BASE, { fetch, token: "secret", timeout: 0.05 }) };
}

test("a call carries its bearer and no cookie, and follows nowhere", async () => {
  const { calls, transport } = answering(said({ ok: true, changes: [] }));
  await transport.get("pull", { cursor: "a b", limit: 2 });
  const [{ url, headers, credentials, redirect }] = calls;
  assert.equal(url, "http://hub.invalid/sync/v1/pull?cursor=a+b&limit=2");
  assert.equal(headers.Authorization, "Bearer secret");
  assert.deepEqual([credentials, redirect], ["omit", "manual"]);
});

test("a large body is packed, a small one is not", async () => {
  const { calls, transport } = answering(() => said({ ok: true }));
  await transport.post("push", { text: "x".repeat(5000) });
  await transport.post("push", { text: "x" });
  assert.equal(calls[0].headers["Content-Encoding"], "gzip");
  assert.deepEqual([...calls[0].body.subarray(0, 2)], [0x1f, 0x8b]);
  assert.equal(calls[1].headers["Content-Encoding"], undefined);
});

test("what has no Trial-Sync header is a portal, whatever its status", async () => {
  for (const status of [200, 302, 401, 511]) {
    const { transport } = answering(new Response("<html>", { status }));
    await assert.rejects(transport.get("hello"), (error) => error instanceof CaptivePortal && error.code === "not_reached");
  }
});

test("a refusal says its code, whether the same may come again, and how long to wait", async () => {
  const { transport } = answering(refused("busy", { retry: true }, { status: 503, headers: { "Retry-After": "7" } }));
  await assert.rejects(transport.get("hello"), (error) => {
    assert.ok(error instanceof HubRefused);
    assert.deepEqual([error.code, error.status, error.retry, error.retryAfter], ["busy", 503, true, 7]);
    return true;
  });
});

test("an answer that was cut, or comes too late, is not reached", async () => {
  for (const answer of [
    new Response('{"ok": tr', { headers: { "Trial-Sync": "1" } }),
    new Response("[]", { headers: { "Trial-Sync": "1" } }),
    (_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("late")))),
    () => Promise.reject(new TypeError("offline")),
  ]) {
    await assert.rejects(answering(answer).transport.get("hello"), (error) => error.code === "not_reached" && !error.portal);
  }
});

test("HEAD says a refusal's code in a header", async () => {
  const head = (status, headers) => answering(new Response(null, { status, headers: { "Trial-Sync": "1", ...headers } })).transport;
  await assert.rejects(head(404, { "Trial-Code": "unknown_blob" }).head("blobs/a"), { code: "unknown_blob", retry: true });
  await assert.rejects(head(404, {}).head("blobs/a"), { code: "not_found" });
  assert.equal((await head(200, { "Upload-Offset": "5" }).head("blobs/a")).get("Upload-Offset"), "5");
});

test("a stopped conversation ends the call in hand and all after it", async () => {
  const { transport, calls } = answering((_url, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
  );
  const ending = new AbortController();
  transport.signal = ending.signal;
  const running = transport.get("hello");
  ending.abort();
  await assert.rejects(running, { code: "not_reached", canceled: true });
  await assert.rejects(transport.get("hello"), { canceled: true });
  assert.equal(calls.length, 1);
});

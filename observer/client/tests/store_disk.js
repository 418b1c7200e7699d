/** What the tests of the store look at: a fresh database, its bytes on disk, and faults to order. */

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";

export const identity = { seal: async (bytes) => bytes, open: async (bytes) => bytes };

/** A vault whose bytes never repeat, as with a real cipher; `key` tells one from another. */
export function scrambling(key) {
  return {
    async seal(bytes) {
      const nonce = crypto.getRandomValues(new Uint8Array(4));
      return Uint8Array.from([key, ...nonce, ...bytes.map((byte, at) => byte ^ nonce[at % 4] ^ key)]);
    },
    async open(sealed) {
      if (sealed[0] !== key) throw new Error("another key");
      const nonce = sealed.subarray(1, 5);
      return sealed.slice(5).map((byte, at) => byte ^ nonce[at % 4] ^ key);
    },
  };
}

/** Everything that lies in the database, as key and bytes. */
export async function onDisk(factory, name = "store") {
  const database = await opened(factory.open(name));
  const store = database.transaction("rows").objectStore("rows");
  const [keys, values] = await Promise.all([opened(store.getAllKeys()), opened(store.getAll())]);
  database.close();
  return keys.map((key, at) => ({ key, bytes: values[at], text: new TextDecoder().decode(values[at]) }));
}

/** Put bytes there, past the program. */
export async function put(factory, key, bytes, name = "store") {
  const database = await opened(factory.open(name));
  await opened(database.transaction("rows", "readwrite").objectStore("rows").put(bytes, key));
  database.close();
}

export function opened(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * A factory whose connections can be made to fail.
 *
 * `opens` counts connections; `connections` are they; `plan` has, for each next transaction that
 * writes, what happens: null nothing, "lost" the connection is gone, "unheard" it is on disk and told as lost, or an error's name.
 */
export function faulty() {
  const real = new IDBFactory();
  const seen = { real, opens: 0, writes: 0, connections: [], plan: [], options: [] };
  const factory = {
    open(name, version) {
      seen.opens += 1;
      const request = real.open(name, version);
      request.addEventListener("success", () => break_(request.result, seen), { once: true });
      return request;
    },
  };
  return { factory, seen };
}

function break_(database, seen) {
  seen.connections.push(database);
  const transaction = database.transaction.bind(database);
  database.transaction = (names, mode, options) => {
    if (mode !== "readwrite") return transaction(names, mode, options);
    seen.writes += 1;
    seen.options.push(options);
    const fault = seen.plan.shift() ?? null;
    if (fault === "lost") throw new DOMException("closing", "InvalidStateError");
    const made = transaction(names, mode, options);
    if (fault === "unheard") return unheard(made);
    if (fault) fail(made, fault);
    return made;
  };
}

/** The transaction reaches the disk, and the browser says that it did not. */
function unheard(transaction) {
  let told = null;
  Object.defineProperty(transaction, "oncomplete", { set: () => {} });
  Object.defineProperty(transaction, "onabort", {
    set(listener) {
      told = listener;
    },
  });
  transaction.addEventListener("complete", () => {
    Object.defineProperty(transaction, "error", { value: new DOMException("ordered", "UnknownError") });
    told();
  });
  return transaction;
}

/** The transaction is aborted by the browser, as with a full disk. */
function fail(transaction, fault) {
  Object.defineProperty(transaction, "error", { get: () => new DOMException("ordered", fault) });
  queueMicrotask(() => transaction.abort());
}

/**
 * Calls to headquarters or a relay: bearer token, gzip, and answers that are not theirs recognised.
 * Twin of `sync/http.py`.
 */

import { fromUtf8, utf8 } from "../protocol/bytes.js";
import { NotReached, Refusal } from "../protocol/errors.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const GZIP_FROM = 1024; // bytes
const TIMEOUT = 30; // seconds for the answer to an empty body
const SLOWEST = 125; // bytes a second of the slowest network that is worth waiting for
const LONGEST = 6; // times the timeout that a large body is given
const TUS = { "Tus-Resumable": "1.0.0" };
const OFFSET_BYTES = "application/offset+octet-stream";
const OFFLINE =
  "Headquarters could not be reached. Everything is saved here; try again when there is a network.";
const PORTAL =
  "Something else than headquarters answered (a sign-in page of this network?). Open a web page, " +
  "sign in to the network, and try again.";
const CUT_OFF = "The answer was cut off. Everything is saved here; try again.";

/** Whoever answered is not headquarters: most often the sign-in page of a network. */
export class CaptivePortal extends NotReached {
  constructor() {
    super(PORTAL);
    this.portal = true;
  }
}

/** The person, or the page that ends, stopped the conversation. */
export class Canceled extends NotReached {
  constructor() {
    super("Stopped. Everything is saved here; it goes on the next time.");
    this.canceled = true;
  }
}

/**
 * A refusal of headquarters with its status, whether the same may come again, and where a file
 * there ends when bytes were sent for another place.
 */
export class HubRefused extends Refusal {
  /**
   * @param {Record<string, any>} answer
   * @param {{retryAfter?: number, offset?: number}} [more] seconds; bytes
   */
  constructor(answer, { retryAfter, offset } = {}) {
    super(String(answer.code ?? "error"), String(answer.error ?? "The hub refused this."), {
      answer,
      retryAfter,
    });
    this.status = Number(answer.status ?? 400);
    this.mayRetry = answer.retry === true;
    this.offset = offset;
  }

  /** @override What headquarters said of it counts, also for codes that are not known here. */
  get retry() {
    return this.mayRetry;
  }
}

/** Calls of one hub or relay. */
export class Transport {
  /**
   * @param {string} base where the calls are, as `/sync/v1`
   * @param {{token?: string, fetch?: typeof globalThis.fetch, timeout?: number}} [options] `timeout`: seconds
   */
  constructor(base, { token = "", fetch: carry, timeout = TIMEOUT } = {}) {
    this.base = base.replace(/\/+$/, "");
    this.token = token;
    this.timeout = timeout;
    // Called apart from its window, the browser's own refuses.
    /** @type {typeof globalThis.fetch} */
    this.fetch = carry ?? ((url, how) => globalThis.fetch(url, how));
    /** Ends the call in hand and all after it. @type {AbortSignal | null} */
    this.signal = null;
  }

  /**
   * GET a call's JSON object.
   *
   * @param {string} call
   * @param {Record<string, string | number>} [query]
   * @returns {Promise<Record<string, any>>}
   * @throws {Refusal} `not_reached`, or as headquarters refused
   */
  async get(call, query = {}) {
    const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
    const asked = pairs.length ? `?${new URLSearchParams(pairs)}` : "";
    return this.#document("GET", `${call}${asked}`, {}, null);
  }

  /**
   * POST a JSON body; the answer's JSON object.
   *
   * @param {string} call
   * @param {Record<string, any>} body
   * @returns {Promise<Record<string, any>>}
   * @throws {Refusal} `not_reached`, or as headquarters refused
   */
  async post(call, body) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json" };
    let bytes = utf8(JSON.stringify(body));
    if (bytes.length > GZIP_FROM && typeof CompressionStream === "function") {
      bytes = await gzip(bytes);
      headers["Content-Encoding"] = "gzip";
    }
    return this.#document("POST", call, headers, bytes);
  }

  /**
   * HEAD; the answer's headers.
   *
   * @param {string} call
   * @returns {Promise<Headers>}
   * @throws {Refusal} `not_reached`, or as headquarters refused
   */
  async head(call) {
    return this.#call("HEAD", call, TUS, null, async ({ headers }) => headers);
  }

  /**
   * PATCH the bytes that follow `offset`; the answer's headers.
   *
   * @param {string} call
   * @param {Bytes} bytes
   * @param {number} offset
   * @returns {Promise<Headers>}
   * @throws {Refusal} `not_reached`, or as headquarters refused
   */
  async patch(call, bytes, offset) {
    const headers = { ...TUS, "Content-Type": OFFSET_BYTES, "Upload-Offset": String(offset) };
    return this.#call("PATCH", call, headers, bytes, async (answer) => answer.headers);
  }

  /**
   * GET the bytes of a file from `offset` on.
   *
   * @param {string} call
   * @param {number} [offset]
   * @returns {Promise<Bytes>}
   * @throws {Refusal} `not_reached`, or as headquarters refused
   */
  async blob(call, offset = 0) {
    return this.#call("GET", call, { Range: `bytes=${offset}-` }, null, async (answer) => {
      if (answer.status === 200 && offset) throw new NotReached("Not the part that was asked for.");
      return new Uint8Array(await answer.arrayBuffer());
    });
  }

  /**
   * @param {string} method
   * @param {string} call
   * @param {Record<string, string>} headers
   * @param {Bytes | null} body
   */
  #document(method, call, headers, body) {
    const all = { Accept: "application/json", ...headers };
    return this.#call(method, call, all, body, async (answer) => {
      const document = objectOf(await answer.arrayBuffer());
      if (answer.status !== 200 || document.ok !== true) throw refusedBy(answer, document);
      return document;
    });
  }

  /**
   * Make a call and read its answer, both within the time that they are given.
   *
   * @template T
   * @param {string} method
   * @param {string} call
   * @param {Record<string, string>} headers
   * @param {Bytes | null} body
   * @param {(answer: Response) => Promise<T>} read
   * @returns {Promise<T>}
   */
  async #call(method, call, headers, body, read) {
    const ending = new AbortController();
    const cancel = () => ending.abort();
    if (this.signal?.aborted) throw new Canceled();
    this.signal?.addEventListener("abort", cancel);
    // The system takes a body at once, so its way is waited for together with the answer.
    const patience = Math.min(1 + (body?.length ?? 0) / SLOWEST / this.timeout, LONGEST);
    const timer = setTimeout(cancel, this.timeout * patience * 1000);
    try {
      const answer = await this.fetch(`${this.base}/${call}`, {
        method,
        headers: { ...headers, ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}) },
        body,
        credentials: "omit",
        cache: "no-store",
        // Never followed. The portal of a network sends elsewhere, and that can be told.
        redirect: "manual",
        referrerPolicy: "no-referrer",
        signal: ending.signal,
      });
      if (answer.headers.get("Trial-Sync") !== "1") throw new CaptivePortal();
      if (![200, 204, 206].includes(answer.status)) throw await refusal(method, answer);
      return await read(answer);
    } catch (error) {
      if (this.signal?.aborted) throw new Canceled();
      if (error instanceof Refusal) throw error;
      throw new NotReached(OFFLINE, { cause: error });
    } finally {
      clearTimeout(timer);
      this.signal?.removeEventListener("abort", cancel);
    }
  }
}

/**
 * @param {string} method
 * @param {Response} answer
 */
async function refusal(method, answer) {
  const body = method === "HEAD" ? new ArrayBuffer(0) : await answer.arrayBuffer();
  return refusedBy(answer, body.byteLength ? objectOf(body) : fromHead(answer));
}

/**
 * @param {Response} answer
 * @param {Record<string, any>} document
 */
function refusedBy(answer, document) {
  return new HubRefused(document, {
    retryAfter: number(answer.headers.get("Retry-After"), 5),
    offset: number(answer.headers.get("Upload-Offset"), 15),
  });
}

/**
 * What HEAD can say of an error, which has no body.
 * @param {Response} answer
 */
function fromHead({ status, headers }) {
  const plain = { 404: "not_found", 405: "method_not_allowed" }[status] ?? "error";
  const code = headers.get("Trial-Code") ?? plain;
  const lasting = status < 500 && ![401, 404, 409, 429].includes(status);
  return { code, error: `Headquarters does not take this (${code}).`, status, retry: !lasting };
}

/**
 * @param {ArrayBuffer} body
 * @returns {Record<string, any>}
 */
function objectOf(body) {
  let document = null;
  try {
    document = JSON.parse(fromUtf8(body));
  } catch {
    // Told below, with everything else that is no object.
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new NotReached(CUT_OFF);
  }
  return document;
}

/**
 * @param {string | null} text
 * @param {number} digits at most
 */
function number(text, digits) {
  return text && /^[0-9]+$/.test(text) && text.length <= digits ? Number(text) : undefined;
}

/**
 * @param {Bytes} bytes
 * @returns {Promise<Bytes>}
 */
async function gzip(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

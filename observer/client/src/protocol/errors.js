/**
 * Refusals: everything that can be wrong by the rules of the protocol, with the code that
 * `docs/protocol.md` lists. Codes are the same on every hop and in both languages.
 */

/** Codes after which the same may be sent again without a person doing anything (`retry: yes`). */
const TRIED_AGAIN = new Set([
  "bad_blob",
  "busy",
  "code_not_active",
  "erasure_unknown",
  "gap",
  "new_epoch",
  "not_reached",
  "over_quota",
  "server_fault",
  "signed_out",
  "storage_full",
  "sync_running",
  "too_many_tries",
  "unknown_blob",
  "wrong_offset",
]);

/**
 * What was asked is not done, and why.
 *
 * `answer` is the JSON of the server's answer, where one came; `retryAfter` are the seconds that it
 * asked to wait.
 */
export class Refusal extends Error {
  /**
   * @param {string} code of the table in `docs/protocol.md`, or one of the client's own
   * @param {string} [message] a sentence for who reads it
   * @param {{answer?: any, retryAfter?: number, cause?: unknown}} [more]
   */
  constructor(code, message = code, more = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "Refusal";
    this.code = code;
    this.answer = more.answer;
    this.retryAfter = more.retryAfter;
  }

  /** Whether the same may be sent again later. */
  get retry() {
    return TRIED_AGAIN.has(this.code);
  }
}

/** No connection, or what answered is not the hub (a sign-in page of the network). */
export class NotReached extends Refusal {
  /**
   * @param {string} [message]
   * @param {{answer?: any, retryAfter?: number, cause?: unknown}} [more]
   */
  constructor(message, more = {}) {
    super("not_reached", message, more);
    this.name = "NotReached";
  }
}

/** The rows as they are in memory: what was opened, and under which keys it lies on disk. */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const META = "meta/";

export class Held {
  /** @type {Map<string, any>} values by name */
  values = new Map();
  /** @type {Map<string, string>} keys by name */
  keys = new Map();
  /** @type {Map<string, string[]>} keys of further rows of a name */
  twins = new Map();
  /** @type {Map<string, Bytes>} of `meta/` rows: the bytes on disk, to compare them later */
  sealed = new Map();
  /** How many rows could not be opened. */
  unreadable = 0;

  /**
   * Hold a row. Of two with one name, made by two tabs at once, the later written one counts; the
   * other goes with the next write of the name, so that it cannot come back.
   *
   * @param {string} key
   * @param {[string, any]} row
   * @param {Bytes} sealed
   */
  take(key, [name, value], sealed) {
    const other = this.keys.get(name);
    if (other !== undefined) {
      const stays = isLater(this.values.get(name), value);
      this.twins.set(name, [...(this.twins.get(name) ?? []), stays ? key : other]);
      if (stays) return;
    }
    this.keys.set(name, key);
    this.values.set(name, value);
    if (name.startsWith(META)) this.sealed.set(name, sealed);
  }

  /**
   * Hold a row that was just written; its twins went with it, its place among the others stays.
   *
   * @param {string} key
   * @param {[string, any]} row
   * @param {Bytes} sealed
   */
  put(key, [name, value], sealed) {
    this.twins.delete(name);
    this.keys.delete(name);
    this.take(key, [name, value], sealed);
  }

  /**
   * Let a row go, with its twins.
   * @param {string} name
   */
  lift(name) {
    for (const map of [this.values, this.keys, this.twins, this.sealed]) map.delete(name);
  }
}

/**
 * @param {any} one
 * @param {any} other
 */
function isLater(one, other) {
  return typeof one?.at === "string" && typeof other?.at === "string" && one.at > other.at;
}

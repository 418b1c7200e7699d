/** Ids of records: UUIDs of version 7 (RFC 9562), which sort by when they were made. */

const COUNTS = 0x1000;

let last = 0;
let count = 0;

/**
 * A new id. Ids of one page are in ascending order, also several of one millisecond and when the
 * clock is put back.
 *
 * @returns {string}
 */
export function uuid7() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  const time = Date.now();
  if (time > last) {
    last = time;
    // Begins in the lower half, so that there is room to count on.
    count = ((random[0] << 8) | random[1]) & (COUNTS / 2 - 1);
  } else {
    count += 1;
    if (count === COUNTS) {
      last += 1;
      count = 0;
    }
  }
  const when = last.toString(16).padStart(12, "0");
  const counted = count.toString(16).padStart(3, "0");
  const rest = Array.from(random.subarray(2, 10), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = ((parseInt(rest[0], 16) & 3) | 8).toString(16);
  return `${when.slice(0, 8)}-${when.slice(8)}-7${counted}-${variant}${rest.slice(1, 4)}-${rest.slice(4)}`;
}

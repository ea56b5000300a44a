// What the customer's and the shopper's phone share: ids, times, turns, and talking to the server.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

const PATIENCE = 20_000;
// Bytes in a millisecond: 32 kbit/s, a bad day of 2G.
const SLOWEST = 4;

/** @param {Uint8Array} bytes */
export const hex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {number} n */
export const random = (n) => crypto.getRandomValues(new Uint8Array(n));

/** A UUID version 7 (RFC 9562), which needs no secure context. */
export function uuid7() {
  const bytes = random(16);
  let time = Date.now();
  for (let i = 5; i >= 0; i--, time = Math.floor(time / 256)) bytes[i] = time;
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** ISO 8601 with the phone's offset. */
export function local(date = new Date()) {
  const minutes = -date.getTimezoneOffset();
  const two = (/** @type {number} */ n) => String(Math.trunc(Math.abs(n))).padStart(2, "0");
  const shifted = new Date(+date + minutes * 60_000).toISOString().slice(0, 19);
  return `${shifted}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/**
 * Tabs take turns.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work never rejects
 * @returns {Promise<T>}
 */
export async function inTurn(name, work) {
  /** @type {Promise<T> | undefined} */
  let working;
  try {
    return await navigator.locks.request(name, () => (working = work()));
  } catch {
    // No locks here (http, an old browser): the server's key decides.
    return working ?? work();
  }
}

/**
 * What the server says to a body, never without an end and never rejecting.
 * @param {string} address
 * @param {any} body JSON, unless `more` says what it is
 * @param {RequestInit} [more]
 * @returns {Promise<{status?: number, pause: number, said?: any}>} without `status`: try again
 *   later, after `pause` seconds at least; `said` is the answer where it is JSON
 */
export async function call(address, body, more) {
  const giveUp = new AbortController();
  const size = body.length || body.byteLength;
  const clock = setTimeout(() => giveUp.abort(), PATIENCE + size / SLOWEST);
  let pause = 0;
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: giveUp.signal,
      credentials: "omit",
      // Goes on when the page is closed right after the tap; browsers allow it 64 KiB.
      keepalive: size < 20_000,
      ...more,
    });
    const { status } = answer;
    pause = Number(answer.headers.get("Retry-After")) || 0;
    if (status < 500 && status != 429 && status != 408)
      return { status, pause, said: await answer.json().catch(() => {}) };
  } catch {
    // no network, or none that answers
  } finally {
    clearTimeout(clock);
  }
  return { pause };
}

/** One request for frozen submissions. @param {string[]} texts */
export const sendAll = (texts) =>
  call("/api/submissions", `{"sent_at":"${local()}","submissions":[${texts}]}`);

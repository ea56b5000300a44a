// The offline queue: what was sent from this phone and has no receipt yet.
//
// A record is frozen before its first sending and sent unchanged until a receipt takes it out.
// Nothing expires. Whatever fails, the record stays, in the database or (where a browser refuses
// one) in the memory of the page, and `state()` tells of it.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { inTurn, sendAll } from "./common.js";
import { database } from "./storage.js";

/**
 * @typedef {{id: string, text: string, at: number, secret: string, why?: string,
 *            unknown?: boolean, refused?: boolean}} Waiting
 *   `text` is the frozen submission, `at` when it was frozen (ms), `secret` what its sender can
 *   erase it with, `why` what the server said, `unknown` that there was never such a code,
 *   `refused` that it waits for its owner.
 * @typedef {{id: string, secret: string, status: string, at: number}} Sent
 * @typedef {{waiting: Waiting[], sending: boolean, failed: boolean, kept: boolean,
 *            delivered: boolean}} State
 */

const MOST_RECORDS = 100;
const MOST_BYTES = 900_000;
const LONGEST_PAUSE = 300_000;

/** @type {Map<string, Waiting>} records that no database would take */
const memory = new Map();
/** @type {Map<string, Sent>} */
const receipts = new Map();
/** @type {() => void} */
let changed = () => {};
/** @type {Promise<void> | undefined} */
let flushing;
let more = false;
let tries = 0;
let notBefore = 0;
let timer = 0;
let failed = false;
let kept = true;
let delivered = false;

/** One transaction over all stores, see {@link database}. */
export const run = database("touchstone", { drafts: "id", queue: "id", sent: "id" });

/** Everything that waits, the oldest first. @returns {Promise<Waiting[]>} */
export async function waiting() {
  /** @type {Waiting[]} */
  let found = [];
  try {
    found = await run("readonly", (store) => store("queue").getAll());
  } catch {
    kept = false;
  }
  return [...found, ...memory.values()].sort((a, b) => a.at - b.at);
}

/** @returns {Promise<State>} */
export const state = async () => ({
  waiting: await waiting(),
  sending: !!flushing,
  failed,
  kept: kept && !memory.size,
  delivered,
});

/** The receipt of a submission that this phone sent. @param {string} id */
export const sent = async (id) =>
  receipts.get(id) ??
  /** @type {Sent | undefined} */ (
    await run("readonly", (store) => store("sent").get(id)).catch(() => undefined)
  );

/** Call `tell` whenever `state()` may have changed. @param {() => void} tell */
export const watch = (tell) => (changed = tell);

/** Keep a draft; `state()` tells if this browser keeps nothing. @param {{id: string}} draft */
export async function keep(draft) {
  try {
    await run("readwrite", (store) => store("drafts").put(draft));
    kept = true;
  } catch {
    kept = false;
    changed();
  }
}

/**
 * Put a frozen record into the queue and take its draft away, at once or not at all.
 * @param {Waiting} record
 * @returns {Promise<boolean>} false if another tab has sent one of this id
 */
export async function freeze(record) {
  let taken = false;
  try {
    await run("readwrite", (store) => {
      const waits = store("queue").get(record.id);
      const gone = store("sent").getKey(record.id);
      gone.onsuccess = () => {
        taken = (waits.result && waits.result.text != record.text) || gone.result !== undefined;
        if (taken) return;
        store("queue").put(record);
        store("drafts").delete(record.id);
      };
    });
  } catch {
    memory.set(record.id, record);
  }
  changed();
  return !taken;
}

/** Take a record out of the queue, for good. @param {string} id */
export async function remove(id) {
  memory.delete(id);
  await run("readwrite", (store) => store("queue").delete(id)).catch(() => {});
  changed();
}

/**
 * Send all that waits. Tabs take turns; a second call joins the first.
 * @param {string} [asked] the id of a refused record to try again
 * @returns {Promise<void>}
 */
export function flush(asked = "") {
  clearTimeout(timer);
  more = !!flushing;
  flushing ??= inTurn("touchstone", () => round(asked)).then((done) => {
    flushing = undefined;
    failed = !done;
    if (more) return flush();
    if (done) tries = 0;
    else pause();
    changed();
  });
  changed();
  return flushing;
}

function pause() {
  const longest = Math.min(LONGEST_PAUSE, 1000 * 2 ** ++tries);
  const wait = Math.max(longest * (0.5 + Math.random() / 2), notBefore - Date.now());
  timer = setTimeout(() => flush(), wait);
}

/** @param {string} [asked] @returns {Promise<boolean>} whether nothing is left to try again */
async function round(asked) {
  const tried = new Set();
  let alone = false;
  for (;;) {
    const left = (await waiting()).filter((r) => !tried.has(r.id) && (!r.refused || r.id == asked));
    if (!left.length) break;
    let bytes = 0;
    const batch = left.filter(
      (r, i) => !i || (!alone && i < MOST_RECORDS && (bytes += r.text.length * 3) < MOST_BYTES),
    );
    const answer = await post(batch);
    if (!answer) return false;
    if (answer.receipts) {
      for (const [i, record] of batch.entries()) await settle(record, answer.receipts[i]);
    } else if (batch.length > 1) {
      // One of them spoils the rest: each by itself.
      alone = true;
      continue;
    } else {
      await update({ ...batch[0], why: answer.detail });
    }
    batch.forEach((r) => tried.add(r.id));
  }
  return !(await waiting()).some((r) => !r.refused);
}

/**
 * @param {Waiting[]} batch
 * @returns {Promise<{receipts?: any[], detail?: string} | undefined>} nothing: try again later
 */
async function post(batch) {
  const { status, pause, said } = await sendAll(batch.map((record) => record.text));
  notBefore = Date.now() + 1000 * pause;
  if (!status) return;
  if (status != 200) return { detail: said?.detail || `HTTP ${status}` };
  // A hotel's sign-in page also says 200.
  return said?.receipts?.length ? said : undefined;
}

/** @param {Waiting} record @param {any} receipt */
async function settle(record, receipt) {
  if (receipt?.status == "refused") {
    const problems = /** @type {any[]} */ (receipt.problems || []);
    const why = problems.map((one) => one.message).join(" ");
    const unknown = problems.some((one) => one.code == "unknown_token");
    return update({ ...record, why, unknown, refused: true });
  }
  if (receipt?.id != record.id || !/^(accepted|duplicate|held)$/.test(receipt.status)) return;
  const { id, secret } = record;
  const found = { id, secret, status: receipt.status, at: Date.now() };
  receipts.set(id, found);
  delivered = true;
  memory.delete(id);
  await run("readwrite", (store) => {
    store("queue").delete(id);
    store("sent").put(found);
    const all = store("sent").getAll();
    all.onsuccess = () =>
      all.result.sort((a, b) => b.at - a.at).slice(50).forEach((old) => store("sent").delete(old.id));
  }).catch(() => {});
}

/** @param {Waiting} record */
async function update(record) {
  if (memory.has(record.id)) memory.set(record.id, record);
  else await run("readwrite", (store) => store("queue").put(record)).catch(() => {});
}

/** Start sending whenever there is a chance. */
export function start() {
  const now = () => {
    if (document.visibilityState == "hidden") return;
    if (Date.now() < notBefore) return;
    tries = 0;
    flush();
  };
  addEventListener("online", now);
  addEventListener("pageshow", now);
  document.addEventListener("visibilitychange", now);
  addEventListener("beforeunload", (event) => {
    if (memory.size) event.preventDefault();
  });
}

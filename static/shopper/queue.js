// The shopper's sender: what was finished on this phone and is not all at the server yet.
//
// A report is frozen before its first sending and sent unchanged until a receipt takes its answers
// out; then each photo goes, until its own receipt takes it out. Nothing expires. Every report
// carries the token of its visit, so the queue sends whoever is signed in, or nobody.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { call, inTurn, sendAll } from "../common.js";
import { all, one, put, within } from "./store.js";

/** @typedef {import("./store.js").Draft} Draft */
/** @typedef {import("./store.js").Report} Report */
/** @typedef {import("./store.js").Photo} Photo */
/** @typedef {{reports: Report[], sending: string, failed: boolean, closed: boolean}} State
 *   `sending` is the id of the report under way, "" while none is; `failed` that the last round
 *   left something for later; `closed` that the phone's storage does not answer. */

const MOST_RECORDS = 100;
const MOST_BYTES = 900_000;
const LONGEST_PAUSE = 300_000;
const LONGEST_WISH = 3_600_000;
const LATER = "not before";
/** What the service worker is woken for where a browser can do that. */
export const SYNC = "reports";

/** @type {Set<() => void>} */
const watchers = new Set();
/** @type {BroadcastChannel | undefined} */
const tabs = globalThis.BroadcastChannel && new BroadcastChannel("touchstone visits");
/** @type {Promise<void> | undefined} */
let flushing;
/** @type {string[]} reports that their owner asked to try again */
let wanted = [];
/** @type {Set<string>} reports of which it is known what is missing */
const fresh = new Set();
let again = false;
let under = "";
let failed = false;
let closed = false;
let tries = 0;
let timer = 0;

// Looking

/** Every report on this phone, the oldest first; none where its storage does not answer.
 * @returns {Promise<Report[]>} */
export async function reports() {
  try {
    /** @type {Report[]} */
    const found = await all("reports");
    closed = false;
    return found.sort((a, b) => a.at - b.at);
  } catch {
    closed = true;
    return [];
  }
}

/** @returns {Promise<State>} */
export const state = async () => ({ reports: await reports(), sending: under, failed, closed });

/** Call `tell` whenever `state()` may have changed, here or in another tab. @param {() => void} tell */
export function watch(tell) {
  watchers.add(tell);
  tabs?.addEventListener("message", tellAll);
}

function changed() {
  tabs?.postMessage("changed");
  tellAll();
}

const tellAll = () => watchers.forEach((tell) => tell());

/** Whether a visit has its report here. Not told by times: a phone's clock may have been put right.
 * @param {Report[]} found @param {string} visit @param {string | null} [replaced] the report of it
 *   that came back */
export const isFinished = (found, visit, replaced) =>
  found.some(
    (one) =>
      one.visit == visit && one.state != "refused" && (one.replaces || "") == (replaced || ""),
  );

// Freezing

/**
 * Freeze a draft: its report waits, the draft is gone, at once or not at all; then send.
 * Rejects where the phone's storage fails (a QuotaExceededError where it is full): the draft stays.
 * @param {Draft} draft
 * @param {{id: string, token: string, replaces?: string | null, files?: {sha256: string}[]}} record
 *   the submission
 * @returns {Promise<boolean>} false if another tab froze this draft before
 */
export async function freeze(draft, record) {
  /** @type {Report} */
  const report = {
    id: record.id,
    visit: draft.visit,
    shopper: draft.shopper,
    site: draft.site ?? "",
    token: record.token,
    text: JSON.stringify(record),
    at: Date.now(),
    files: [...new Set((record.files ?? []).map((file) => file.sha256))],
    arrived: [],
    replaces: record.replaces,
    state: "waiting",
  };
  let taken = false;
  await within("readwrite", (store) => {
    const asking = store("reports").get(report.id);
    asking.onsuccess = () => {
      taken = asking.result && asking.result.text != report.text;
      if (taken) return;
      store("reports").put(report);
      store("drafts").delete(report.visit);
    };
  });
  changed();
  if (!taken) flush();
  return !taken;
}

/** Take a draft or a report with its photos off this phone, for good. @param {Draft | Report} gone */
export async function remove(gone) {
  await within("readwrite", (store) => {
    if ("text" in gone) store("reports").delete(gone.id);
    else store("drafts").delete(gone.visit);
    store("photos").delete(IDBKeyRange.bound([gone.id], [gone.id, []]));
  });
  changed();
}

// Sending

/**
 * Send all that waits. Tabs take turns; a second call joins the first.
 * @param {string[]} [asked] reports to try again although they were not taken
 * @returns {Promise<void>}
 */
export function flush(asked = []) {
  clearTimeout(timer);
  wanted.push(...asked);
  again = !!flushing;
  flushing ??= inTurn("touchstone visits", round).then(async (done) => {
    flushing = undefined;
    under = "";
    failed = !done;
    if (again) return flush();
    if (done) tries = 0;
    else await pause();
    changed();
  });
  changed();
  return flushing;
}

async function pause() {
  const longest = Math.min(LONGEST_PAUSE, 1000 * 2 ** ++tries);
  const wait = Math.max(longest * (0.5 + Math.random() / 2), await wish());
  clearTimeout(timer);
  timer = setTimeout(() => flush(), wait);
  askToBeWoken().catch(() => {});
}

/** By the browser, when the network is back and no page of ours is open. */
async function askToBeWoken() {
  const registration = /** @type {any} */ (await navigator.serviceWorker?.ready);
  await registration?.sync?.register(SYNC);
}

/** For how long the server wished to be left alone, in ms; a clock put right does not keep it. */
async function wish() {
  const found = await one("settings", LATER).catch(() => undefined);
  const left = (found?.value ?? 0) - Date.now();
  return left > 0 && left < LONGEST_WISH ? left : 0;
}

/** @param {number} pause seconds */
async function heed(pause) {
  if (pause) await put("settings", { name: LATER, value: Date.now() + 1000 * pause }).catch(() => {});
}

/** @returns {Promise<boolean>} whether nothing is left that goes by itself */
async function round() {
  const asked = new Set(wanted);
  wanted = [];
  try {
    return (await sendAnswers(asked)) && (await sendPhotos(asked)) && !(await left()).length;
  } catch {
    // The storage failed twice: what is sent already is asked for again, and told once.
    closed = true;
    return false;
  }
}

/** What goes by itself once there is a network. */
const left = async () =>
  (await reports()).filter(
    (one) => one.state == "waiting" || (one.state == "photos" && missing(one).length),
  );

/** The photos that are neither there nor refused. @param {Report} report */
export const missing = ({ files, arrived, wrong = {} }) =>
  files.filter((sha256) => !arrived.includes(sha256) && !(sha256 in wrong));

/**
 * The answers of all reports that have none of a receipt. One that spoils a batch, or breaks the
 * server, does not keep the others: each then goes by itself. Two failures in a row are a network's.
 * @param {Set<string>} asked
 * @returns {Promise<boolean>} whether to go on with the photos
 */
async function sendAnswers(asked) {
  const tried = new Set();
  let alone = false;
  let failures = 0;
  for (;;) {
    const waiting = (await reports()).filter(
      ({ id, state }) =>
        !tried.has(id) && (state == "waiting" || (state == "refused" && asked.has(id))),
    );
    if (!waiting.length) return true;
    let bytes = 0;
    const batch = waiting.filter(
      (one, i) => !i || (!alone && i < MOST_RECORDS && (bytes += one.text.length * 3) < MOST_BYTES),
    );
    showSending(batch[0].id);
    const { status, pause, said } = await sendAll(batch.map((one) => one.text));
    await heed(pause);
    // A hotel's sign-in page also says 200.
    const answered = status && (status != 200 || said?.receipts?.length);
    failures = answered ? 0 : failures + 1;
    if (failures > 1 || (!answered && pause)) return false;
    if (status != 200 && batch.length > 1) {
      alone = true;
      continue;
    }
    for (const [i, { id }] of batch.entries()) {
      tried.add(id);
      if (answered && status == 200) await settle(id, said.receipts[i]);
      else if (answered) await update(id, (it) => (it.why = said?.detail || `HTTP ${status}`));
    }
  }
}

/** @param {string} id */
function showSending(id) {
  under = id;
  changed();
}

/** @param {string} id @param {any} receipt */
async function settle(id, receipt) {
  if (receipt?.id != id) return;
  const why = (receipt.problems ?? []).map((/** @type {any} */ one) => one.message).join(" ");
  if (receipt.status == "refused") {
    await update(id, (report) => Object.assign(report, { state: "refused", why }));
  } else if (/^(accepted|duplicate|held)$/.test(receipt.status)) {
    const { status, digest } = receipt;
    fresh.add(id);
    await update(id, (report, store) => {
      Object.assign(report, { status, digest, why, text: "", received: Date.now() });
      hasAllBut(report, receipt.missing_files ?? [], store);
    });
  }
}

/**
 * The server has all photos of a report but these.
 * @param {Report} report @param {string[]} still
 * @param {(store: "photos") => IDBObjectStore} store
 */
function hasAllBut(report, still, store) {
  const there = report.files.filter((sha256) => !still.includes(sha256));
  for (const sha256 of there) store("photos").delete([report.id, sha256]);
  report.arrived = [...new Set([...report.arrived, ...there])];
  report.state = report.arrived.length < report.files.length ? "photos" : "delivered";
}

/** @param {Set<string>} asked @returns {Promise<boolean>} whether the network is there */
async function sendPhotos(asked) {
  for (const id of asked) await update(id, (report) => delete report.wrong);
  const open = (await reports()).filter((one) => one.state == "photos" && missing(one).length);
  const unsure = open.filter((one) => !fresh.has(one.id));
  while (unsure.length) if (!(await askWhatIsMissing(unsure.splice(0, MOST_RECORDS)))) return false;
  let failures = 0;
  for (const { id } of open) {
    showSending(id);
    const report = /** @type {Report | undefined} */ (await one("reports", id));
    for (const sha256 of report?.state == "photos" ? missing(report) : []) {
      const pause = await sendPhoto(/** @type {Report} */ (report), sha256);
      failures = pause === undefined ? 0 : failures + 1;
      if (failures > 1 || pause) return false;
    }
  }
  return true;
}

/**
 * An answer may have been lost on its way: what is there already is not sent twice.
 * @param {Report[]} open at most 100
 */
async function askWhatIsMissing(open) {
  const asked = JSON.stringify({ ids: open.map((one) => one.id) });
  const { status, pause, said } = await call("/api/receipts", asked);
  await heed(pause);
  if (status != 200 || !said?.known) return false;
  for (const { id, digest } of open) {
    const known = said.known[id];
    if (known?.digest == digest)
      await update(id, (report, store) => hasAllBut(report, known.missing_files, store));
    fresh.add(id);
  }
  return true;
}

/**
 * @param {Report} report @param {string} sha256
 * @returns {Promise<number | undefined>} nothing: it is settled; else for how long to wait (s)
 */
async function sendPhoto({ id, token }, sha256) {
  const photo = /** @type {Photo | undefined} */ (await one("photos", [id, sha256]));
  if (!photo) return note(id, sha256, "lost");
  const { status, pause, said } = await call(`/api/submissions/${id}/files/${sha256}`, photo.bytes, {
    method: "PUT",
    headers: { "Content-Type": photo.type, Authorization: `Bearer ${token}` },
  });
  await heed(pause);
  // A sign-in page of a hotel is not JSON; neither is a proxy's word that it takes nothing so large.
  if (!status || (!said && status != 413)) {
    fresh.delete(id);
    return pause;
  }
  if (status != 200 && status != 201) return note(id, sha256, said?.detail || `HTTP ${status}`);
  if (said.sha256 != sha256) return 0;
  await update(id, (report, store) => {
    const still = report.files.filter((one) => one != sha256 && !report.arrived.includes(one));
    hasAllBut(report, still, store);
  });
}

/**
 * A photo that was not taken is kept; the others go on.
 * @param {string} id @param {string} sha256 @param {string} why
 * @returns {Promise<undefined>}
 */
async function note(id, sha256, why) {
  await update(id, (report) => (report.wrong = { ...report.wrong, [sha256]: why }));
}

/**
 * Change a report as it stands now; one that is gone stays gone.
 * @param {string} id
 * @param {(report: Report, store: (name: any) => IDBObjectStore) => void} change
 */
async function update(id, change) {
  await within("readwrite", (store) => {
    const asking = store("reports").get(id);
    asking.onsuccess = () => {
      if (!asking.result) return;
      change(asking.result, store);
      store("reports").put(asking.result);
    };
  });
  changed();
}

/** There may be a network: send what waits, unless the server wished to be left alone. */
export async function soon() {
  tries = 0;
  const wait = await wish();
  if (!wait) return flush();
  failed = !!(await left()).length;
  clearTimeout(timer);
  timer = setTimeout(() => flush(), wait);
  changed();
}

// What lies on this phone, told and drawn: each draft and each report with its age, its state and what
// its owner can do about it.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { flush, missing, remove, reports, state } from "./queue.js";
import { visits } from "./ready.js";
import { all, one } from "./store.js";

/** @typedef {import("./store.js").Draft} Draft */
/** @typedef {import("./store.js").Report} Report */
/** @typedef {import("./ready.js").Visit} Visit */
/** @typedef {Record<string, string>} Words */

/** What is not all at the server yet. @param {Report} report */
export const isUnsent = (report) => report.state != "delivered";

/** What goes by itself. @param {Report} report */
export const isWaiting = (report) =>
  report.state == "waiting" || (report.state == "photos" && !!missing(report).length);

/** @param {string} tag @param {string} text @param {(Node | string)[]} inside */
export function make(tag, text = "", ...inside) {
  const made = document.createElement(tag);
  made.append(text, ...inside);
  return made;
}

/** @param {string} text @param {() => void} act */
export function tap(text, act) {
  const made = /** @type {HTMLButtonElement} */ (make("button", text));
  made.type = "button";
  made.onclick = act;
  return made;
}

/** @param {string} template @param {Record<string, string | number>} values */
export const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** The time of day, with the day where it is not today's. @param {number} at ms */
export function when(at) {
  const there = new Date(at);
  const style = /** @type {const} */ ({ timeStyle: "short" });
  const today = there.toDateString() == new Date().toDateString();
  const tongue = document.documentElement.lang;
  const own = navigator.language.startsWith(tongue) ? navigator.language : tongue;
  return there.toLocaleString(own, today ? style : { dateStyle: "medium", ...style });
}

/**
 * The list on the queue page.
 * @param {string} shopper @param {Words} words
 * @returns {Promise<Node[]>}
 */
export async function list(shopper, words) {
  const known = new Map((await visits(shopper)).map((one) => [one.visit, one]));
  const now = await state();
  const mine = now.reports.filter((one) => one.shopper == shopper);
  const others = now.reports.filter((one) => one.shopper != shopper && isUnsent(one));
  const drafts = (await all("drafts").catch(() => [])).filter((one) => one.shopper == shopper);
  const rows = [
    ...drafts.map((/** @type {Draft} */ one) => draftRow(one, known.get(one.visit), words)),
    ...mine.reverse().map((one) => reportRow(one, known.get(one.visit), now.sending == one.id, words)),
  ];
  const open = now.reports.filter((one) => isUnsent(one) && one.shopper == shopper);
  const acts = [];
  if (open.length)
    acts.push(
      tap(words.try_all, () => flush(open.map((one) => one.id))),
      tap(words.save_all, () => saveAll(shopper)),
    );
  return [
    ...(now.closed ? [make("p", words.closed)].map(alarm) : []),
    ...(open.some(isWaiting) ? [make("p", "SyncManager" in globalThis ? words.goes : words.keep_open)] : []),
    ...(acts.length ? [make("p", "", ...acts)] : []),
    ...rows,
    ...(rows.length ? [] : [make("p", words.nothing)]),
    ...(others.length ? [make("p", fill(words.others, { n: others.length }))] : []),
  ];
}

/** @param {HTMLElement} made */
function alarm(made) {
  made.className = "a";
  made.setAttribute("role", "alert");
  return made;
}

/** @param {string} name @param {string} said @param {string} kind @param {(Node | string)[]} more */
function row(name, said, kind, ...more) {
  const title = make("h2", "", make("bdi", name));
  const status = make("p", said);
  status.className = "s-state";
  const made = make("article", "", title, status, ...more);
  made.dataset.state = kind;
  // Told apart by whoever hears them one by one.
  for (const one of made.querySelectorAll("button, a"))
    one.setAttribute("aria-label", `${one.textContent}: ${name}`);
  return made;
}

/** @param {Draft} draft @param {Visit | undefined} visit @param {Words} words */
function draftRow(draft, visit, words) {
  const go = /** @type {HTMLAnchorElement} */ (make("a", words.go_on));
  go.className = "b";
  go.href = `/visits/${draft.visit.split("|")[0]}`;
  const gone = tap(words.delete, () => confirm(words.delete_draft) && remove(draft));
  const said = fill(words.draft, { at: when(draft.at) });
  return row(draft.site || visit?.site || words.visit, said, "draft", make("p", "", go, gone));
}

/** @param {Report} report @param {Visit | undefined} visit @param {boolean} sending @param {Words} words */
function reportRow(report, visit, sending, words) {
  const told = [];
  const acts = [];
  const stuck = report.state == "photos" && !missing(report).length;
  const bad = Object.values(report.wrong ?? {});
  const { said, kind } = stateOf(report, visit, sending, stuck, words);
  if (report.why && report.state != "delivered") told.push(report.why);
  for (const why of new Set(bad))
    told.push(fill(words.photo_wrong, { why: why == "lost" ? words.photo_lost : why }));
  if (kind == "returned") {
    if (visit?.words) told.push(visit.words);
    const go = /** @type {HTMLAnchorElement} */ (make("a", words.mend));
    go.className = "b";
    go.href = `/visits/${report.visit}`;
    acts.push(go);
  }
  if (isUnsent(report) && !sending) acts.push(tap(words.try_one, () => flush([report.id])));
  if (report.state == "refused" || stuck)
    acts.push(tap(words.delete, () => confirm(words.delete_report) && remove(report)));
  const lines = told.map((text) => make("p", text));
  if (acts.length) lines.push(make("p", "", ...acts));
  return row(report.site || visit?.site || words.visit, said, kind, ...lines);
}

/**
 * @param {Report} report @param {Visit | undefined} visit @param {boolean} sending
 * @param {boolean} stuck @param {Words} words
 * @returns {{said: string, kind: string}}
 */
function stateOf(report, visit, sending, stuck, words) {
  const { id, files, arrived, at, received = 0 } = report;
  const since = when(at);
  // An id begins with when it was made, and two made one after the other begin alike.
  const receipt = { at: when(received), id: id.slice(-8) };
  const photos = { n: arrived.length, of: files.length, since };
  if (report.state == "refused") return { said: fill(words.refused, { since }), kind: "refused" };
  if (report.state == "photos")
    return {
      said: fill(stuck ? words.photos_stuck : sending ? words.photos_sending : words.photos, photos),
      kind: "photos",
    };
  if (report.state == "waiting")
    return sending
      ? { said: words.sending, kind: "sending" }
      : { said: fill(words.waiting, { since }), kind: "waiting" };
  // What became of it since, as the list said last.
  const later = visit?.report == id ? visit.state : "";
  if (later == "returned") return { said: fill(words.returned, receipt), kind: "returned" };
  if (later == "rejected") return { said: fill(words.rejected, receipt), kind: "rejected" };
  if (later == "counted") return { said: fill(words.counted, receipt), kind: "delivered" };
  if (report.status == "held") return { said: fill(words.held, receipt), kind: "held" };
  return { said: fill(words.delivered, receipt), kind: "delivered" };
}

/**
 * All that is unsent as one file that the desk can load: a batch body with the photos beside it,
 * made piece by piece, so that thirty photos never lie in memory at once.
 * @param {string} shopper
 */
export async function saveAll(shopper) {
  const open = (await reports()).filter((one) => isUnsent(one) && one.shopper == shopper);
  const link = /** @type {HTMLAnchorElement} */ (document.createElement("a"));
  link.href = URL.createObjectURL(await fileOf(open));
  link.download = `touchstone-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {Report[]} open @returns {Promise<Blob>} */
export async function fileOf(open) {
  const texts = open.map((one) => one.text).filter(Boolean);
  // Where the answers have arrived, what is left is told by itself.
  const photos = open
    .filter((one) => !one.text)
    .flatMap(({ id, token, files, arrived }) =>
      files.filter((one) => !arrived.includes(one)).map((sha256) => ({ id, token, sha256 })),
    );
  /** @type {BlobPart[]} */
  const parts = [`{"submissions":[${texts}],"photos":${JSON.stringify(photos)},"contents":{`];
  let first = true;
  for (const report of open)
    for (const sha256 of report.files.filter((file) => !report.arrived.includes(file))) {
      const photo = await one("photos", [report.id, sha256]);
      if (!photo) continue;
      parts.push(new Blob([`${first ? "" : ","}"${sha256}":"${await base64(photo.bytes)}"`]));
      first = false;
    }
  return new Blob([...parts, "}}"], { type: "application/json" });
}

/** @param {ArrayBuffer} bytes @returns {Promise<string>} */
const base64 = (bytes) =>
  new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onerror = () => fail(reader.error);
    reader.onload = () => done(String(reader.result).split(",")[1]);
    reader.readAsDataURL(new Blob([bytes]));
  });

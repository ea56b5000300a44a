// What lives on every page of a shopper's phone: the quiet line, the queue's page, what is ready on the
// home page, what is said before signing out; a new version is offered, never taken.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { uuid7 } from "../common.js";
import { flush, freeze, remove, reports, soon, state, watch } from "./queue.js";
import { forget, getReady, isOpen, isReady, visits } from "./ready.js";
import { fileOf, fill, isUnsent, isWaiting, list, make, saveAll, tap, when } from "./reports.js";
import { all, one, put, within } from "./store.js";

// For tests, which import this module from the page that runs it.
export { all, fileOf, flush, freeze, one, put, remove, reports, state, uuid7, within };

const HOME = "/visits";
const QUEUE = "/visits/queue";
const SIGN_IN = "/visits/sign-in";
const OFTEN = 600_000;

const words = JSON.parse(document.getElementById("phone-words")?.textContent ?? "{}");
const shopper = document.body.dataset.shopper ?? "";
const line = document.getElementById("line");
const noted = document.getElementById("note");
let preparing = false;
let delivered = false;
let drawing = false;
let stale = false;

if (line) begin();

function begin() {
  watch(draw);
  const now = () => document.visibilityState == "hidden" || soon();
  addEventListener("online", now);
  addEventListener("pageshow", now);
  document.addEventListener("visibilitychange", now);
  addEventListener("online", prepare);
  if (location.pathname == SIGN_IN && !shopper) forget();
  if (location.pathname == HOME) home();
  if (location.pathname == QUEUE) navigator.storage?.persist?.().catch(() => {});
  const leaving = document.querySelector("form[data-sign-out]");
  if (leaving) beforeLeaving(/** @type {HTMLFormElement} */ (leaving));
  draw();
  prepare();
  if (document.readyState == "complete") register();
  else addEventListener("load", register);
}

// The quiet line, and the lists below it

/** Draw what lies on this phone, as often as it changes and never twice at once. */
async function draw() {
  stale = true;
  if (drawing) return;
  drawing = true;
  while (stale) {
    stale = false;
    await tell().catch(() => {});
    if (location.pathname == QUEUE) await drawQueue();
    if (location.pathname == HOME) await drawHome().catch(() => {});
    await drawUnsent().catch(() => {});
  }
  drawing = false;
}

async function tell() {
  const now = await state();
  const waiting = now.reports.filter(isWaiting);
  const stuck = now.reports.filter((one) => isUnsent(one) && !isWaiting(one) && one.shopper == shopper);
  delivered ||= waiting.length > 0;
  let said = "";
  if (now.closed) said = words.closed;
  else if (waiting.length) {
    const values = { n: waiting.length, since: when(waiting[0].at) };
    said = fill(waiting.length == 1 ? words.line_one : words.line, values);
  } else if (stuck.length) said = words.line_stuck;
  else if (delivered) said = words.line_done;
  const link = /** @type {HTMLAnchorElement} */ (make("a", said));
  link.href = QUEUE;
  if (line && line.textContent != said)
    line.replaceChildren(!said || !shopper || location.pathname == QUEUE ? said : link);
}

async function drawQueue() {
  const place = document.getElementById("queue");
  if (!place) return;
  const at = [...place.querySelectorAll("button, a")].indexOf(/** @type {any} */ (document.activeElement));
  place.replaceChildren(...(await list(shopper, words)), ...(await room()));
  // Whoever goes by keyboard stays where they were.
  if (at >= 0) /** @type {HTMLElement[]} */ ([...place.querySelectorAll("button, a")])[at]?.focus();
}

/** How much room is left, where a browser tells. */
async function room() {
  const found = await navigator.storage?.estimate?.().catch(() => undefined);
  if (!found?.quota) return [];
  const left = Math.max(0, (found.quota - (found.usage ?? 0)) / 1e6);
  const unit = left < 1000 ? "megabyte" : "gigabyte";
  const size = (left < 1000 ? left : left / 1000).toLocaleString(document.documentElement.lang, {
    style: "unit",
    unit,
    maximumFractionDigits: left < 1000 ? 0 : 1,
  });
  const made = make("p", fill(words.room, { size }));
  made.className = "h";
  return [made];
}

// Ready before leaving home

/** At every opening of the home page, and on the others where that was a while ago. */
async function prepare() {
  if (!shopper || preparing) return;
  const last = (await one("settings", "prepared").catch(() => undefined))?.value ?? 0;
  if (location.pathname != HOME && Math.abs(Date.now() - last) < OFTEN) return;
  preparing = true;
  draw();
  const outcome = await getReady(shopper, draw);
  preparing = false;
  if (!outcome) await put("settings", { name: "prepared", value: Date.now() }).catch(() => {});
  if (outcome == "unkept" && location.pathname == HOME) say("unkept", words.unkept);
  if (outcome == "signed out" && location.pathname == HOME) say("out", words.signed_out);
  draw();
}

function home() {
  const title = document.querySelector("main h1");
  const made = tap(words.get_ready, () => {
    navigator.storage?.persist?.().catch(() => {});
    prepare();
  });
  made.id = "get-ready";
  const progress = make("p");
  progress.id = "ready";
  progress.setAttribute("role", "status");
  title?.after(progress, make("p", "", made));
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector("main input[name=code]"));
  field?.form?.addEventListener("submit", (event) => findByCode(event, field));
  if (location.hash == "#missing") say("missing", words.missing);
}

async function drawHome() {
  const mine = (await visits(shopper)).filter(isOpen);
  const kept = (await state()).reports.filter((one) => one.shopper == shopper);
  const drafts = (await all("drafts")).filter((one) => one.shopper == shopper);
  const ready = mine.filter(isReady).length;
  const progress = document.getElementById("ready");
  const said = preparing ? words.getting_ready : ready == mine.length ? words.ready : words.not_ready;
  if (progress) progress.textContent = mine.length ? fill(said, { n: ready, of: mine.length }) : "";
  for (const visit of mine) {
    const link = document.querySelector(`main a[href^="${visit.address}"]`);
    const place = link?.closest("article, li") ?? link?.parentElement;
    if (!place) continue;
    const draft = drafts.find((one) => one.visit == visit.visit);
    const report = kept.find((one) => one.visit == visit.visit && isUnsent(one));
    const lines = [
      isReady(visit) ? words.tick : preparing ? words.coming : notReady(visit),
    ];
    if (draft) lines.push(fill(words.draft, { at: when(draft.at) }));
    if (report) lines.push(fill(words.waiting, { since: when(report.at) }));
    const told = place.querySelector(".tick") ?? make("p");
    told.className = `tick${isReady(visit) ? " ok" : ""}`;
    told.textContent = lines.join(" · ");
    place.append(told);
  }
}

/** @param {import("./ready.js").Visit} visit */
const notReady = ({ why }) => (why ? fill(words.no_tick_why, { why }) : words.no_tick);

/** A short code leads to its visit without a network. @param {Event} event @param {HTMLInputElement} field */
async function findByCode(event, field) {
  event.preventDefault();
  const typed = field.value.toUpperCase().replace(/[^0-9A-Z]/g, "");
  const found = (await visits(shopper)).find((one) => one.code == typed);
  if (found) location.assign(found.address);
  else if (navigator.onLine) field.form?.submit();
  else say("code", words.no_such_code);
}

// Before signing out

/** @param {HTMLFormElement} form */
function beforeLeaving(form) {
  const place = make("div");
  place.id = "unsent";
  form.before(place);
}

async function drawUnsent() {
  const place = document.getElementById("unsent");
  if (!place) return;
  const open = (await reports()).filter((one) => isUnsent(one) && one.shopper == shopper);
  const drafts = (await all("drafts")).filter((one) => one.shopper == shopper);
  const told = [];
  if (open.length) told.push(make("p", fill(words.leave_reports, { n: open.length })));
  if (drafts.length) told.push(make("p", fill(words.leave_drafts, { n: drafts.length })));
  if (open.length)
    told.push(make("p", "", tap(words.try_all, () => flush()), tap(words.save_all, () => saveAll(shopper))));
  place.className = told.length ? "a" : "";
  place.replaceChildren(...told);
}

// What a person is told

/** @param {string} key @param {string} text @param {[string, () => void]} [act] */
function say(key, text, act) {
  if (!noted || noted.dataset.key == key) return;
  noted.dataset.key = key;
  noted.className = "a";
  noted.setAttribute("role", "alert");
  noted.replaceChildren(make("p", text), ...(act ? [tap(...act)] : []));
}

/** The service worker. Not there without https: then without. */
async function register() {
  const workers = navigator.serviceWorker;
  const made = await workers?.register("/sw.js").catch(() => undefined);
  if (!made) return;
  const offer = () => {
    if (!made.waiting || !workers.controller) return;
    say("version", words.new_version, [words.reload, () => {
      // Another window may have asked for it before; one that did not ask goes on undisturbed.
      if (!made.waiting) return location.reload();
      workers.oncontrollerchange = () => location.reload();
      made.waiting.postMessage("now");
    }]);
  };
  made.onupdatefound = () => made.installing?.addEventListener("statechange", offer);
  offer();
}

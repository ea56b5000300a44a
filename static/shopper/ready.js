// Ready before leaving home: every visit to be made, with its form, its briefing and all they need,
// lies on the phone, and so do the pages around them.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { inTurn } from "../common.js";
import { LIST, LOOSE, VISITS, fetchAndKeep, needed } from "../keeping.js";
import { all, one, put, within } from "./store.js";

/**
 * @typedef {{visit: string, address: string, version: string, site: string, code: string,
 *            due: string, not_before: string, state: string, report: string | null,
 *            words: string | null, codes: string[], shopper: string, ready?: string,
 *            why?: string}} Visit
 *   As `/visits/ready` tells it; `ready` is the version that lies on this phone, `why` what kept
 *   this one from it.
 */

const OWNER = "shopper";
const LONG_ENOUGH = 30_000;

/** Whether a visit's page must be on the phone. @param {Visit} visit */
export const isOpen = ({ state }) => state == "accepted" || state == "returned";

/** Whether all of a visit lies on this phone as it is now. @param {Visit} visit */
export const isReady = ({ ready, version }) => ready == version;

/** The visits of whoever this phone belongs to, the first due first. @param {string} shopper
 * @returns {Promise<Visit[]>} */
export async function visits(shopper) {
  const found = await all("visits").catch(() => []);
  return found
    .filter((one) => one.shopper == shopper)
    .sort((a, b) => (a.due < b.due ? -1 : 1));
}

/**
 * Fetch what is not here yet, one after the other. Tabs take turns. What fails keeps its old copy.
 * @param {string} shopper who the page says is signed in
 * @param {() => void} tell called at every step
 * @returns {Promise<"" | "offline" | "signed out" | "unkept" | "part">} "" is all of it
 */
export const getReady = (shopper, tell) =>
  inTurn("touchstone ready", () => fetchAll(shopper, tell).catch(() => /** @type {const} */ ("part")));

/** @param {string} shopper @param {() => void} tell */
async function fetchAll(shopper, tell) {
  await makeOwn(shopper);
  const answer = await ask();
  if (!answer) return "offline";
  if (answer.status == 401 || answer.status == 403) return "signed out";
  const list = await answer.clone().json().catch(() => undefined);
  if (!list?.visits) return "offline";
  // Browsers keep pages on https and on this machine only.
  if (!globalThis.caches) return "unkept";
  const cache = await caches.open(VISITS);
  let complete = true;
  const before = new Map((await visits(shopper)).map((one) => [one.visit, one]));
  await within("readwrite", (store) => {
    store("visits").clear();
    for (const one of list.visits)
      store("visits").put({ ...one, shopper, ready: before.get(one.visit)?.ready });
  });
  await cache.put(LIST, answer);
  tell();
  for (const address of list.pages) complete = (await fetched(cache, address)) == "" && complete;
  for (const visit of (await visits(shopper)).filter(isOpen)) {
    if (isReady(visit) && (await cache.match(visit.address, LOOSE))) continue;
    const why = await fetched(cache, visit.address);
    await put("visits", { ...visit, why, ready: why ? visit.ready : visit.version });
    complete &&= !why;
    tell();
  }
  const open = list.visits.filter(isOpen).map((/** @type {Visit} */ one) => one.address);
  await tidy(cache, new Set([...open, ...list.pages, LIST]));
  return complete ? "" : "part";
}

async function ask() {
  const giveUp = new AbortController();
  setTimeout(() => giveUp.abort(), LONG_ENOUGH);
  const headers = { Accept: "application/json" };
  return fetch(LIST, { headers, signal: giveUp.signal }).catch(() => undefined);
}

/** @param {Cache} cache @param {string} address @returns {Promise<string>} why not, "" if it is here */
async function fetched(cache, address) {
  try {
    await fetchAndKeep(cache, address);
    return "";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** Take out the pages that are no more, then the files that no page needs any more.
 * @param {Cache} cache @param {Set<string>} wanted */
async function tidy(cache, wanted) {
  const files = new Set();
  const kept = await cache.keys();
  for (const request of kept) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/static/")) continue;
    if (!wanted.has(pathname)) await cache.delete(request, LOOSE);
    else if (pathname != LIST)
      for (const file of needed(await (await cache.match(request, LOOSE))?.text() ?? "")) files.add(file);
  }
  for (const request of kept) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/static/") && !files.has(pathname)) await cache.delete(request, LOOSE);
  }
}

/** What lies here belongs to one shopper; another's goes. @param {string} shopper */
async function makeOwn(shopper) {
  const owner = await one("settings", OWNER).catch(() => undefined);
  if (owner?.value == shopper) return;
  await forget();
  await put("settings", { name: OWNER, value: shopper }).catch(() => {});
}

/** After signing out: pages and visits go; drafts, reports and photos stay. */
export async function forget() {
  await globalThis.caches?.delete(VISITS).catch(() => {});
  await within("readwrite", (store) => {
    store("visits").clear();
    store("settings").delete(OWNER);
  }).catch(() => {});
}

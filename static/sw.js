// The service worker: a form that was opened once opens again without network, and so do the pages of
// a shopper's visits; what they finished goes when the network is back, where a browser wakes us.
//
// Pages are asked for anew each time; one that is kept is kept whole (`keeping.js`).
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { hex, local } from "./common.js";
import { LIST, LOOSE, VISITS, fetchAndKeep, keep, whole } from "./keeping.js";
import { SYNC, isFinished, soon, state } from "./shopper/queue.js";

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const FOLDER = "{{ folder }}";
const CACHE = `form ${FOLDER}`;
const SOON = 3000;

const isForm = (/** @type {string} */ address) => /^\/q\/[\w-]+$/.test(new URL(address).pathname);
/** Signing in and out needs the network. @param {string} address */
const isVisits = (address) =>
  /^\/visits(?!\/(sign-in|sign-out)$)(\/|$)/.test(new URL(address).pathname);

/** The other languages a page links to, unless its owner saves data. @param {any} client */
async function keepLanguages({ url: address }) {
  const cache = await caches.open(CACHE);
  const page = await kept(cache, address);
  if (!page || /** @type {any} */ (navigator).connection?.saveData) return;
  const text = await page.text();
  for (const [, query, current] of text.matchAll(/ href="(\?lang=\w+)"[^>]*?( aria-current|>)/g)) {
    const other = new URL(query, address).href;
    if (current == ">" && !(await cache.match(other, LOOSE))) await fetchAndKeep(cache, other);
  }
}

worker.addEventListener("install", (event) => {
  // Fails as a whole if anything is missing: then the old worker and its cache stay.
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.add(`${FOLDER}form.js`);
      const open = await worker.clients.matchAll({ includeUncontrolled: true, type: "window" });
      const pages = new Set(open.map((one) => one.url.split("#")[0]).filter(isForm));
      for (const address of pages) await fetchAndKeep(cache, address);
    })(),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      // Pages in an old cache are still good: each names the modules it needs. An old cache goes
      // only when all of its pages are here.
      const cache = await caches.open(CACHE);
      for (const name of await caches.keys()) {
        if (name == CACHE || !name.startsWith("form ")) continue;
        const old = await caches.open(name);
        for (const { url } of await old.keys()) {
          const answer = await old.match(url, LOOSE);
          if (answer && isForm(url) && !(await cache.match(url, LOOSE)))
            await keep(cache, url, answer);
        }
        await caches.delete(name);
      }
    })(),
  );
});

worker.addEventListener("message", (event) => {
  // Only when the person says so; the draft is kept by then.
  if (event.data == "now") worker.skipWaiting();
  else if (event.data == "languages") event.waitUntil(keepLanguages(event.source).catch(() => {}));
});

worker.addEventListener("sync", (/** @type {any} */ event) => {
  // A browser that knows of this wakes us when the network is back, and again if it fails.
  if (event.tag == SYNC) event.waitUntil(soon().then(state).then(({ failed }) => failed && later()));
});

function later() {
  throw new Error("not all of it has arrived yet");
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method != "GET" || origin != location.origin) return;
  const opens = request.mode == "navigate";
  if (opens && isForm(request.url)) event.respondWith(page(event, CACHE));
  else if (opens && isVisits(request.url)) event.respondWith(page(event, VISITS));
  else if (pathname.startsWith("/static/v-"))
    event.respondWith(caches.match(request, LOOSE).then((found) => found || fetch(request)));
});

/** The network's page if it comes soon, else the one that is kept. @param {FetchEvent} event @param {string} name */
async function page(event, name) {
  const address = event.request.url;
  const cache = await caches.open(name);
  const network = fetch(event.request);
  event.waitUntil(
    network
      .then(async (answer) => {
        const { searchParams } = new URL(address);
        if (whole(answer) && !searchParams.has("code")) await keep(cache, address, answer.clone());
        // What is gone is not offered again.
        else if (answer.status == 404 || answer.status == 410)
          await cache.delete(address, { ...LOOSE, ignoreSearch: true });
      })
      .catch(() => {}),
  );
  const late = new Promise((done) => setTimeout(done, SOON));
  /** @type {any} */
  const first = await Promise.race([network, late]).catch(() => {});
  if (first && first.status < 500) return first;
  if (name == CACHE) {
    const visit = await visitThere(address).catch(() => {});
    if (visit) return Response.redirect(visit, 303);
  }
  const found = await kept(cache, address);
  if (found || first) return found || first;
  if (name == VISITS && (await cache.match("/visits", LOOSE)))
    return network.catch(() => Response.redirect("/visits#missing", 303));
  return network;
}

/** The page as it was opened last, in this language if it can be. @param {Cache} cache @param {string} address */
const kept = async (cache, address) =>
  (await cache.match(address, LOOSE)) ||
  (await cache.match(address.split("?")[0], LOOSE)) ||
  cache.match(address, { ...LOOSE, ignoreSearch: true });

/** Where a code leads that hangs at the place of a visit on this phone. @param {string} address */
async function visitThere(address) {
  const { pathname, searchParams } = new URL(address);
  const list = await (await caches.open(VISITS)).match(LIST);
  if (!list || searchParams.get("as") == "customer") return;
  const code = pathname.slice("/q/".length);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`code ${code}`));
  const mark = hex(new Uint8Array(digest)).slice(0, 16);
  const today = local().slice(0, 10);
  const { visits } = await list.json();
  const { reports } = await state();
  const due = visits.find(
    (/** @type {any} */ one) =>
      /accepted|returned/.test(one.state) &&
      one.not_before <= today &&
      one.codes.includes(mark) &&
      !isFinished(reports, one.visit, one.state == "returned" ? one.report : null),
  );
  return due && `${due.address}?code=${code}`;
}

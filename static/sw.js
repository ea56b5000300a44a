// The service worker: a form that was opened once opens again without network.
//
// A page is kept together with every module it names, so a page in the cache is always whole. The
// modules lie under addresses whose content never changes; pages are asked for anew each time.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const FOLDER = "{{ folder }}";
const CACHE = `form ${FOLDER}`;
const PATIENCE = 3000;
const LOOSE = { ignoreVary: true };

const isForm = (/** @type {string} */ address) => /^\/q\/[\w-]+$/.test(new URL(address).pathname);

/** Final, of this host, not led here from elsewhere. @param {Response} answer */
const whole = (answer) => answer.status == 200 && answer.type == "basic" && !answer.redirected;

/** Keep a page, after all it needs. @param {string} address @param {Response} answer */
async function keep(address, answer) {
  const cache = await caches.open(CACHE);
  const text = await answer.clone().text();
  for (const [module] of text.matchAll(/\/static\/v-\w+\/\w+\.js/g)) {
    const found = await caches.match(module, LOOSE);
    await (found ? cache.put(module, found) : cache.add(module));
  }
  await cache.put(address, answer);
}

/** Ask the network for a page and keep it. @param {string} address */
async function fetchAndKeep(address) {
  const answer = await fetch(address, { headers: { Purpose: "prefetch" } });
  if (!whole(answer)) throw new TypeError(`${answer.status} ${address}`);
  await keep(address, answer);
}

/** The other languages a page links to, unless its owner saves data. @param {any} client */
async function keepLanguages({ url: address }) {
  const page = await kept(address);
  if (!page || /** @type {any} */ (navigator).connection?.saveData) return;
  const text = await page.text();
  const cache = await caches.open(CACHE);
  for (const [, query, current] of text.matchAll(/ href="(\?lang=\w+)"[^>]*?( aria-current|>)/g)) {
    const other = new URL(query, address).href;
    if (current == ">" && !(await cache.match(other, LOOSE))) await fetchAndKeep(other);
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
      for (const address of pages) await fetchAndKeep(address);
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
          if (answer && isForm(url) && !(await cache.match(url, LOOSE))) await keep(url, answer);
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

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method != "GET" || origin != location.origin) return;
  if (request.mode == "navigate" && isForm(request.url)) event.respondWith(page(event));
  else if (pathname.startsWith("/static/v-"))
    event.respondWith(caches.match(request, LOOSE).then((found) => found || fetch(request)));
});

/** The network's page if it comes soon, else the one that is kept. @param {FetchEvent} event */
async function page(event) {
  const address = event.request.url;
  const network = fetch(event.request);
  event.waitUntil(
    network
      .then(async (answer) => {
        if (whole(answer)) await keep(address, answer.clone());
        else if (answer.status == 404 || answer.status == 410) await drop(address);
      })
      .catch(() => {}),
  );
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  /** @type {any} */
  const first = await Promise.race([network, late]).catch(() => {});
  if (first && first.status < 500) return first;
  return (await kept(address)) || first || network;
}

/** The page as it was opened last, in this language if it can be. @param {string} address */
async function kept(address) {
  const cache = await caches.open(CACHE);
  return (
    (await cache.match(address, LOOSE)) ||
    (await cache.match(address.split("?")[0], LOOSE)) ||
    cache.match(address, { ...LOOSE, ignoreSearch: true })
  );
}

/** A code that is gone is not offered again. @param {string} address */
async function drop(address) {
  await (await caches.open(CACHE)).delete(address, { ...LOOSE, ignoreSearch: true });
}

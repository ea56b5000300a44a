// What a shopper's phone keeps: drafts, reports, photos, forms, visits. A database of its own beside
// the customers', so that an old page of theirs never meets a version it cannot open.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

/**
 * @typedef {{visit: string, id: string, shopper: string, token: string, form: string,
 *            language: string, started: string, at: number, page: number,
 *            values: [string, string][], photos: Record<string, string[]>,
 *            timers: Record<string, number>, scanned: {code: string, at: string}[],
 *            replaces: string | null, site?: string}} Draft
 *   `id` is the submission's, made at the first touch; `at` when it was last changed (ms);
 *   `photos` by question, each its SHA-256; `timers` when a running timer was started (ms).
 * @typedef {{id: string, visit: string, shopper: string, site: string, token: string,
 *            text: string, at: number, files: string[], arrived: string[], state: ReportState,
 *            replaces?: string | null, status?: string, digest?: string, received?: number, why?: string,
 *            wrong?: Record<string, string>}} Report
 *   `replaces` the report that came back, which this one stands for; `text` is the frozen submission, "" once its receipt is here; `files` the photos it lists,
 *   `arrived` those the server has, `wrong` why one was not taken; `status` what the receipt said,
 *   `received` when it came (ms), `why` what stands against it.
 * @typedef {"waiting" | "photos" | "delivered" | "refused"} ReportState
 *   waiting for a receipt; received, and photos still to come; all there; not taken, its owner's turn.
 * @typedef {{key: [string, string], id: string, sha256: string, question: string, type: string,
 *            bytes: ArrayBuffer, width: number, height: number, at: number}} Photo
 *   `id` of the draft or report it belongs to; `key` is [id, sha256].
 * @typedef {{key: string, html: string}} Form  `key` is `<form>|<language>`
 * @typedef {{name: string, value: any}} Setting
 */

const STORES = { drafts: "visit", reports: "id", photos: "key", forms: "key", visits: "visit", settings: "name" };

/** @type {Promise<IDBDatabase> | undefined} */
let opened;
/** @type {Set<IDBTransaction>} */
const reading = new Set();
/** @type {Promise<void> | undefined} until the page is there again */
let away;

// WebKit puts a page that is left to sleep in the middle of what it reads, and then no other page can
// write: so that is broken off, and asked again should the page come back.
addEventListener("pagehide", () => {
  away = new Promise((back) => addEventListener("pageshow", () => back((away = undefined)), { once: true }));
  for (const one of reading) one.abort();
});

function open() {
  return (opened ??= new Promise((done, fail) => {
    const asking = indexedDB.open("touchstone visits", 1);
    asking.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES))
        asking.result.createObjectStore(name, { keyPath });
    };
    asking.onerror = () => fail(asking.error);
    // Safari at times never answers.
    setTimeout(() => fail(new Error("The phone's storage does not answer.")), 3000);
    asking.onsuccess = () => {
      const db = asking.result;
      // Safari closes connections under the page; another tab may want to upgrade.
      db.onclose = () => (opened = undefined);
      db.onversionchange = () => {
        db.close();
        opened = undefined;
      };
      done(db);
    };
  }));
}

/**
 * One transaction over all stores; its result is that of the request `work` returns.
 * Where the connection is gone it is opened again, once. Rejects with what went wrong: a
 * QuotaExceededError where the phone is full.
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: (name: keyof typeof STORES) => IDBObjectStore) => IDBRequest<T> | void} work
 * @returns {Promise<T>}
 */
export async function within(mode, work, again = true) {
  await away;
  try {
    const db = await open();
    return await new Promise((done, fail) => {
      const all = db.transaction(Object.keys(STORES), mode, { durability: "strict" });
      if (mode == "readonly") reading.add(all);
      const asked = work((name) => all.objectStore(name));
      all.oncomplete = () => {
        reading.delete(all);
        done(/** @type {T} */ (asked?.result));
      };
      all.onabort = () => {
        reading.delete(all);
        fail(all.error);
      };
    });
  } catch (error) {
    opened = undefined;
    if (again && /** @type {any} */ (error)?.name != "QuotaExceededError")
      return within(mode, work, false);
    throw error;
  }
}

/** @param {keyof typeof STORES} name @returns {Promise<any[]>} everything in a store */
export const all = (name) => within("readonly", (store) => store(name).getAll());

/** @param {keyof typeof STORES} name @param {IDBValidKey} key @returns {Promise<any>} */
export const one = (name, key) => within("readonly", (store) => store(name).get(key));

/** @param {keyof typeof STORES} name @param {object} record @returns {Promise<any>} */
export const put = (name, record) => within("readwrite", (store) => store(name).put(record));

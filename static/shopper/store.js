// What a shopper's phone keeps: drafts, reports, photos, forms, visits. A database of its own beside
// the customers', so that an old page of theirs never meets a version it cannot open.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { database } from "../storage.js";

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

/** One transaction over all stores, see {@link database}. */
export const within = database("touchstone visits", STORES);

/** @param {keyof typeof STORES} name @returns {Promise<any[]>} everything in a store */
export const all = (name) => within("readonly", (store) => store(name).getAll());

/** @param {keyof typeof STORES} name @param {IDBValidKey} key @returns {Promise<any>} */
export const one = (name, key) => within("readonly", (store) => store(name).get(key));

/** @param {keyof typeof STORES} name @param {object} record @returns {Promise<any>} */
export const put = (name, record) => within("readwrite", (store) => store(name).put(record));

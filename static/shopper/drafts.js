// The draft of a report in the phone's storage, and which window may write it.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { local } from "../common.js";
import { all, within } from "./store.js";

/**
 * @typedef {import("./store.js").Draft & {drawn?: boolean,
 *           known?: Record<string, {type: string, bytes: number}>}} Draft
 *   `drawn` that its form has scales of a draw; `known` the photos that the server has already.
 */
/** @typedef {import("./store.js").Photo} Photo */

const PATIENCE_WITH_A_WINDOW = 2000;

/** Where the draft of a shopper waits while somebody else writes about the same visit. */
const aside = (/** @type {Draft} */ draft) => `${draft.visit}|${draft.shopper}`;

/** A draft that nothing was written in yet. @param {HTMLFormElement} form @returns {Draft} */
export function newDraft(form) {
  const { visit = "", shopper = "", site, language = "" } = form.dataset;
  const { form: version = "", token = "", replaces, photos = "{}", files = "{}" } = form.dataset;
  return {
    visit, shopper, site, token, language, form: version, replaces: replaces || null,
    id: "", started: "", at: 0, page: 0, values: [], timers: {}, scanned: [],
    photos: JSON.parse(photos), known: JSON.parse(files),
    drawn: !!form.querySelector("[data-d]"),
  };
}

/** Lets one work begin when the one before has ended, well or not. */
export function oneByOne() {
  /** @type {Promise<void>} */
  let last = Promise.resolve();
  return (/** @type {() => Promise<void>} */ work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

/** This shopper's draft of this visit. @param {string} visit @param {string} shopper */
export async function draftOf(visit, shopper) {
  /** @type {Draft[]} */
  const found = await all("drafts");
  const mine = found.filter((draft) => draft.shopper == shopper);
  const draft =
    mine.find((one) => one.visit == visit) ?? mine.find((one) => one.visit == `${visit}|${shopper}`);
  return draft && { ...draft, visit };
}

/**
 * Keep a draft as it stands, with what belongs to it, at once or not at all.
 * Rejects where the phone's storage fails, with a QuotaExceededError where it is full.
 * @param {Draft} draft
 * @param {number} known the `at` of the draft as this window kept or found it, 0 for a new one
 * @param {(store: (name: any) => IDBObjectStore) => void} [more]
 * @returns {Promise<"kept" | "elsewhere" | "gone">} elsewhere: another window has written it since;
 *   gone: it was finished or discarded there. Then nothing is written.
 */
export async function keepDraft(draft, known, more) {
  /** @type {"kept" | "elsewhere" | "gone"} */
  let outcome = "kept";
  await within("readwrite", (store) => {
    const drafts = store("drafts");
    const asking = drafts.get(draft.visit);
    asking.onsuccess = () => {
      /** @type {Draft | undefined} */
      const there = asking.result;
      const others = there && there.shopper != draft.shopper;
      outcome = "kept";
      if (there && !others && (there.id != draft.id || ![known, draft.at].includes(there.at)))
        outcome = "elsewhere";
      else if (known && !there) outcome = "gone";
      if (outcome != "kept") return;
      if (others) drafts.put({ ...there, visit: aside(there) });
      drafts.delete(aside(draft));
      drafts.put(draft);
      more?.(store);
    };
  });
  return outcome;
}

/** Everything of a draft, for good. @param {Draft} draft */
export const discard = (draft) =>
  within("readwrite", (store) => {
    store("drafts").delete(draft.visit);
    store("drafts").delete(aside(draft));
    store("photos").delete(photosOf(draft.id));
  });

/** The keys of all photos of a draft. @param {string} id */
export const photosOf = (id) => IDBKeyRange.bound([id], [id, []]);

/** @param {string} id @returns {Promise<Photo[]>} */
export const photosIn = (id) => within("readonly", (store) => store("photos").getAll(photosOf(id)));

/** Take away the photos that a draft has no more. @param {Draft} draft */
export async function sweep(draft) {
  const wanted = new Set(Object.values(draft.photos).flat());
  await within("readwrite", (store) => {
    const asking = store("photos").getAllKeys(photosOf(draft.id));
    asking.onsuccess = () => {
      for (const key of /** @type {[string, string][]} */ (asking.result))
        if (!wanted.has(key[1])) store("photos").delete(key);
    };
  });
}

/**
 * The submission that a draft becomes, as the contract writes it.
 * @param {Draft} draft
 * @param {Pick<ReturnType<typeof import("./reading.js").readAll>, "answers" | "asked">} found
 */
export async function submissionOf(draft, { answers, asked }) {
  const { id, form, token, language, started, replaces, scanned, photos, known = {} } = draft;
  const here = new Map((await photosIn(id)).map((photo) => [photo.sha256, photo]));
  const files = new Map();
  for (const [question, digests] of Object.entries(photos))
    for (const sha256 of question in answers ? digests : []) {
      const photo = here.get(sha256);
      const { type, bytes } = photo ? { type: photo.type, bytes: photo.bytes.byteLength } : known[sha256];
      files.set(sha256, { sha256, question, type, bytes });
    }
  return {
    ...{ id, form, token, asked, answers, language },
    ...{ started_at: started, finished_at: local(), files: [...files.values()], replaces },
    ...(scanned.length ? { scanned } : {}),
  };
}

// One window at a time

/**
 * @param {string} visit
 * @param {() => Promise<void>} giveUp called when another window takes over: keep what is not kept
 */
export function reportLock(visit, giveUp) {
  const name = `report ${visit}`;
  const windows = globalThis.BroadcastChannel && new BroadcastChannel(name);
  /** @type {((value?: unknown) => void) | undefined} */
  let release;
  /** @param {LockOptions} options @returns {Promise<boolean>} */
  const take = (options) =>
    new Promise((done) => {
      // Without locks (plain http) the `at` of the draft tells: see `keepDraft`.
      if (!navigator.locks) return done(true);
      navigator.locks
        .request(name, options, (lock) => {
          done(!!lock);
          return lock && new Promise((end) => (release = end));
        })
        .catch(() => {
          done(false);
          if (release) giveUp();
          release = undefined;
        });
    });
  if (windows)
    windows.onmessage = async () => {
      const end = release;
      release = undefined;
      if (!end) return;
      await giveUp();
      end();
    };
  return {
    take: () => take({ ifAvailable: true }),
    /** Ask the other window to let go; one that sleeps is not waited for. */
    async seize() {
      windows?.postMessage("let go");
      const waiting = new AbortController();
      setTimeout(() => waiting.abort(), PATIENCE_WITH_A_WINDOW);
      return (await take({ signal: waiting.signal })) || take({ steal: true });
    },
  };
}

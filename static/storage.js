// A phone's own storage: a database that is opened again where it was closed under the page.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

/**
 * @template {string} Name
 * @param {string} called
 * @param {Record<Name, string>} stores the key path of each
 */
export function database(called, stores) {
  /** @type {Promise<IDBDatabase> | undefined} */
  let opened;
  /** @type {IDBTransaction | undefined} the one under way: they go one after the other */
  let running;
  /** @type {Promise<unknown>} */
  let turn = Promise.resolve();
  /** @type {Promise<void> | undefined} until the page is there again */
  let away;

  // WebKit may put a page that is left to sleep in the middle of a transaction, and then no other
  // page can write: so that is broken off, and done when the page comes back.
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) return;
    away = new Promise((back) => addEventListener("pageshow", () => back((away = undefined)), { once: true }));
    running?.abort();
  });

  const open = () =>
    (opened ??= new Promise((done, fail) => {
      const asking = indexedDB.open(called, 1);
      asking.onupgradeneeded = () => {
        for (const name in stores) asking.result.createObjectStore(name, { keyPath: stores[name] });
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

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: (name: Name) => IDBObjectStore) => IDBRequest<T> | void} work
   * @param {boolean} again
   * @returns {Promise<T>}
   */
  async function attempt(mode, work, again) {
    await away;
    try {
      const db = await open();
      return await new Promise((done, fail) => {
        const all = (running = db.transaction(Object.keys(stores), mode, { durability: "strict" }));
        const asked = work((name) => all.objectStore(name));
        all.oncomplete = () => done(/** @type {T} */ (asked?.result));
        all.onabort = () => fail(all.error);
      });
    } catch (error) {
      opened = undefined;
      if (again && /** @type {any} */ (error)?.name != "QuotaExceededError")
        return attempt(mode, work, false);
      throw error;
    } finally {
      running = undefined;
    }
  }

  /**
   * One transaction over all stores; its result is that of the request `work` returns.
   * Where the connection is gone it is opened again, once. Rejects with what went wrong: a
   * QuotaExceededError where the phone is full.
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: (name: Name) => IDBObjectStore) => IDBRequest<T> | void} work
   * @returns {Promise<T>}
   */
  return function within(mode, work) {
    const done = turn.then(() => attempt(mode, work, true));
    turn = done.catch(() => {});
    return done;
  };
}

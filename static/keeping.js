// How a page is kept for the time without a network: together with every file it names, so that what
// is in a cache is always whole. Those files lie under addresses whose content never changes.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

export const LOOSE = { ignoreVary: true };
/** The cache of a shopper's pages, apart from the customers'. */
export const VISITS = "visits";
/** In it: what `/visits/ready` said last, for the worker. */
export const LIST = "/visits/ready";

/** Final, of this host, not led here from elsewhere. @param {Response} answer */
export const whole = (answer) =>
  answer.status == 200 && answer.type == "basic" && !answer.redirected;

/** The files a page needs. @param {string} text @returns {string[]} */
export const needed = (text) => text.match(/\/static\/v-\w+\/\w+\.(js|css|svg)/g) || [];

/** Keep a page, after all it needs. @param {Cache} cache @param {string} address @param {Response} answer */
export async function keep(cache, address, answer) {
  for (const file of needed(await answer.clone().text())) {
    const found = await caches.match(file, LOOSE);
    await (found ? cache.put(file, found) : cache.add(file));
  }
  await cache.put(address, answer);
}

/** Ask the network for a page and keep it. @param {Cache} cache @param {string} address */
export async function fetchAndKeep(cache, address) {
  const answer = await fetch(address, { headers: { Purpose: "prefetch" } });
  if (!whole(answer)) throw new TypeError(`${answer.status} ${address}`);
  await keep(cache, address, answer);
}

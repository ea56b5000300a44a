// A long form in parts: one at a time, in order, each a jump away; a scale in full has a page alone.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { element } from "./gadgets.js";
import { fill, tap } from "./reports.js";

/** @typedef {{part: HTMLElement, heading: HTMLElement, title: string, n: number, own: Element[]}} Page
 *   `n` counts the parts from 0; `own` is what of the part this page shows. */

/** @param {HTMLElement} form @returns {Page[]} */
export function divided(form) {
  return /** @type {HTMLElement[]} */ ([...form.querySelectorAll("section.part")]).flatMap(
    (part, n) => {
      const [heading, ...rest] = /** @type {HTMLElement[]} */ ([...part.children]);
      heading.tabIndex = -1;
      const title = heading.dataset.title ?? heading.textContent ?? "";
      heading.dataset.title = title;
      /** @type {Element[][]} */
      const pages = [[]];
      for (const one of rest) {
        const scaled = one.classList.contains("f");
        const last = pages[pages.length - 1];
        const full = last.some((other) => other.classList.contains("f"));
        const asks = last.some((other) => other.matches("[data-k]:not([data-t=note])"));
        if (full || (scaled && asks)) pages.push([one]);
        else last.push(one);
      }
      return pages.map((own) => ({ part, heading, title, n, own }));
    },
  );
}

/** The page a question stands on. @param {Page[]} pages @param {Element} question */
export const pageOf = (pages, question) => pages.findIndex(({ own }) => own.includes(question));

/** Whether a condition leaves anything on a page. @param {Page} page */
export const isThere = ({ own }) => own.some((one) => !(/** @type {HTMLElement} */ (one).hidden));

/**
 * Show one page and no other. @param {Page[]} pages @param {number} at
 * @param {Record<string, string>} words
 */
export function turnTo(pages, at, words) {
  const now = pages[at];
  for (const page of pages) {
    page.part.classList.toggle("off", page.part != now.part);
    for (const one of page.own) one.classList.toggle("off", page != now);
  }
  const within = pages.filter((page) => page.part == now.part && isThere(page));
  const step = within.indexOf(now) + 1;
  const count = within.length > 1 ? fill(words.step, { n: step, m: within.length }) : "";
  now.heading.replaceChildren(now.title, ...(count ? [" ", element("small", "", count)] : []));
}

/**
 * The way through the parts: how far one is, and every title to jump to.
 * @param {Page[]} pages
 * @param {Record<string, string>} words
 * @param {(page: number) => void} jump
 */
export function way(pages, words, jump) {
  const titles = pages.filter((page, i) => pages[i - 1]?.part != page.part);
  const line = element("summary", "");
  const bar = document.createElement("progress");
  bar.max = pages.length;
  bar.setAttribute("aria-label", words.progress);
  const list = element("ol", "");
  const fold = /** @type {HTMLDetailsElement} */ (element("details", "", line, list));
  const made = element("nav", "way", fold, bar);
  made.setAttribute("aria-label", words.parts);
  let shown = "";
  /** @param {number} at @param {Element[]} wrong the questions with a message */
  const show = (at, wrong) => {
    const now = pages[at];
    // What may be under a finger just now is not made anew without need.
    const all = [at, ...wrong.map((one) => /** @type {HTMLElement} */ (one).dataset.k)].join();
    if (shown == all) return;
    if (shown.split(",")[0] != String(at)) fold.open = false;
    shown = all;
    bar.value = at + 1;
    line.textContent = fill(words.part_of, { n: now.n + 1, m: titles.length, title: now.title });
    list.replaceChildren(
      ...titles.map((first) => {
        const link = tap(first.title, () => jump(pages.indexOf(first)));
        const faults = wrong.filter((one) => first.part.contains(one)).length;
        if (first.part == now.part) link.setAttribute("aria-current", "step");
        if (faults) link.append(" ", element("small", "", fill(words.open_questions, { n: faults })));
        return element("li", "", link);
      }),
    );
  };
  return { made, show };
}

// The last page of a report: every answer in words, what is still wrong, and Send.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { element, named } from "./gadgets.js";
import { fileAddress, thumbnail } from "./photos.js";
import { asks, controlsIn, inWords, questionsIn } from "./reading.js";
import { fill, tap } from "./reports.js";

/** @typedef {import("./store.js").Photo} Photo */

/**
 * @param {HTMLElement} section the page, with its heading first
 * @param {HTMLElement} form
 * @param {ReturnType<typeof import("./reading.js").readAll>} found
 * @param {{words: Record<string, string>, draft: import("./store.js").Draft, change: (question: HTMLElement) => void,
 *          photo: (sha256: string) => Promise<Photo | undefined>}} desk
 */
export async function review(section, form, { answers, faults }, { words, draft, change, photo }) {
  const [heading] = section.children;
  const parts = [];
  for (const part of form.querySelectorAll("section.part:not(#review)")) {
    const asked = questionsIn(part).filter(({ hidden, dataset }) => !hidden && dataset.t != "note");
    if (!asked.length) continue;
    const list = element("dl", "answers");
    for (const question of asked) {
      const { k = "", t = "" } = question.dataset;
      const link = named(tap(words.change, () => change(question)), asks(question));
      const answer = answers[k];
      const said = element("div", "");
      if (t == "photo")
        for (const [i, sha256] of /** @type {string[]} */ (answer ?? []).entries()) {
          const kept = await photo(sha256).catch(() => undefined);
          const name = fill(words.photo_n, { n: i + 1 });
          said.append(await thumbnail(kept, name, fileAddress(draft, sha256)), " ");
        }
      else if (answer !== undefined) said.append(element("bdi", "", inWords(question, answer, words, draft.language)));
      if (!said.childElementCount) said.append(element("span", "h", words.unanswered));
      const fault = faults.get(k);
      if (fault) said.append(element("p", "m", fault));
      list.append(element("dt", "", asks(question)), element("dd", "", said, link));
    }
    const title = /** @type {HTMLElement} */ (part.firstElementChild).dataset.title ?? "";
    parts.push(element("h3", "", title), list);
  }
  // The heading stays, which may have the focus.
  while (heading.nextSibling) heading.nextSibling.remove();
  section.append(summary(form, faults, words, change), ...parts, element("p", "h", words.after_send));
}

/**
 * What must be put right first, each a tap away.
 * @param {HTMLElement} form
 * @param {Map<string, string>} faults
 * @param {Record<string, string>} words
 * @param {(question: HTMLElement) => void} change
 */
function summary(form, faults, words, change) {
  const wrong = questionsIn(form).filter(({ dataset: { k = "" } }) => faults.has(k));
  if (!wrong.length) return element("p", "", words.all_there);
  const list = element("ul", "");
  for (const question of wrong) {
    const link = tap(asks(question), () => change(question));
    list.append(element("li", "", link, element("span", "h", ` ${faults.get(question.dataset.k ?? "")}`)));
  }
  const text = wrong.length == 1 ? words.wrong_one : fill(words.wrong, { n: wrong.length });
  const box = element("div", "a", element("p", "", text), list);
  box.id = "summary";
  box.tabIndex = -1;
  return box;
}

/** The message beside a question. @param {HTMLElement} question @param {string} id @param {string} [fault] */
export function sayBeside(question, id, fault) {
  const there = document.getElementById(id);
  if (fault && there) there.textContent = fault;
  if (!fault == !there) return;
  there?.remove();
  const named = question.matches("fieldset,[data-t=photo]") ? [question] : controlsIn(question);
  for (const one of named) {
    const other = (one.getAttribute("aria-describedby") ?? "").split(" ").filter((word) => word && word != id);
    if (fault) other.push(id);
    if (other.length) one.setAttribute("aria-describedby", other.join(" "));
    else one.removeAttribute("aria-describedby");
    if (one != question) one.toggleAttribute("aria-invalid", !!fault);
    if (one != question && fault) one.setAttribute("aria-invalid", "true");
  }
  if (!fault) return;
  const message = element("p", "m", fault);
  message.id = id;
  question.append(message);
}

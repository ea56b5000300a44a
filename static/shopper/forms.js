// The form a draft goes on in: that of the version it was begun with.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { one, within } from "./store.js";

/** @param {string} key @returns {Promise<string | undefined>} */
export const keptForm = async (key) => (await one("forms", key))?.html;

/** Take away the forms that no draft needs. */
export async function tidyForms() {
  await within("readwrite", (store) => {
    const drafts = store("drafts").getAll();
    const forms = store("forms").getAllKeys();
    forms.onsuccess = () => {
      const needed = new Set(drafts.result.map(formKey));
      for (const key of /** @type {string[]} */ (forms.result))
        if (!needed.has(key)) store("forms").delete(key);
    };
  });
}

/** @param {Pick<import("./drafts.js").Draft, "form" | "language" | "visit" | "drawn">} draft */
export const formKey = ({ form, language, visit, drawn }) =>
  `${form}|${language}${drawn ? `|${visit}` : ""}`;

/**
 * A kept form with what the server says today: the token of this page, the reviewer's words.
 * @param {string} kept @param {string} today as HTML, both
 */
export function brought(kept, today) {
  const [old, now] = [kept, today].map((html) => {
    const made = document.createElement("form");
    made.innerHTML = html;
    return made;
  });
  for (const said of old.querySelectorAll(".w")) said.remove();
  for (const said of now.querySelectorAll("[data-k] > .w")) {
    const { k } = /** @type {HTMLElement} */ (said.parentElement).dataset;
    old.querySelector(`[data-k="${k}"]`)?.append(said);
  }
  const token = now.querySelector("[name=csrf]");
  if (token) old.querySelector("[name=csrf]")?.replaceWith(token);
  return old.innerHTML;
}

// Codes that were read at the place, by the camera or by eye: kept with their time.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { hex, local } from "../common.js";
import { element, named } from "./gadgets.js";
import { tongue } from "./reading.js";
import { tap } from "./reports.js";
import { one } from "./store.js";

const MOST_CODES = 10;

/**
 * @param {HTMLElement} box @param {import("./gadgets.js").Desk} desk
 * @returns {{show: () => void, scanned: (typed: string) => void}}
 */
export function asCodes(box, { words, draft, touched }) {
  const field = /** @type {HTMLInputElement} */ (box.querySelector("input"));
  const list = element("ul", "");
  const told = element("p", "m");
  told.setAttribute("role", "status");
  told.hidden = true;
  const add = tap(words.code_keep, () => {
    scanned(field.value);
    field.focus();
  });
  field.value = "";
  field.after(add, told, list);
  field.onkeydown = (event) => {
    if (event.key != "Enter") return;
    event.preventDefault();
    add.click();
  };

  /** @param {string} typed a code, or the address it stands in */
  function scanned(typed) {
    const code = typed.trim().replace(/^.*\/q\//, "").replace(/[?#].*$/, "");
    const fits = /^[\w-]{1,200}$/.test(code);
    told.hidden = fits;
    told.textContent = fits ? "" : words.code_wrong;
    if (!fits) return;
    field.value = "";
    const codes = draft().scanned;
    if (!codes.some((other) => other.code == code) && codes.length < MOST_CODES)
      codes.push({ code, at: local() });
    touched();
    show();
  }

  async function show() {
    const here = /** @type {string[]} */ ((await one("visits", draft().visit).catch(() => undefined))?.codes ?? []);
    const rows = draft().scanned.map(async (code) => {
      const time = new Date(code.at).toLocaleString(tongue(draft().language), {
        dateStyle: "short",
        timeStyle: "short",
      });
      const gone = tap(words.remove, () => {
        draft().scanned = draft().scanned.filter((other) => other != code);
        touched();
        show();
      });
      const known = here.includes(await mark(code.code)) ? ` ✓ ${words.code_right}` : "";
      return element("li", "", element("bdi", "", code.code), ` ${time}${known} `, named(gone, code.code));
    });
    list.replaceChildren(...(await Promise.all(rows)));
  }
  return { show, scanned };
}

/** What `/visits/ready` tells of a code, so that a phone knows it again. @param {string} code */
async function mark(code) {
  const text = new TextEncoder().encode(`code ${code}`);
  const digest = await crypto.subtle?.digest("SHA-256", text);
  return digest ? hex(new Uint8Array(digest)).slice(0, 16) : "";
}

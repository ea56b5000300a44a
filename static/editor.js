// Comfort for the editor of instruments: line numbers, checking while typing, a way to each fault,
// Tab for two spaces, a warning before unsaved words are left. The form is complete without it.

const form = /** @type {HTMLFormElement} */ (document.getElementById("editor"));
const box = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
const findings = /** @type {HTMLElement} */ (document.getElementById("findings"));
const gutter = document.createElement("div");

const PAUSE = 800;
const LONGEST_WHILE_TYPING = 100_000;

const kept = form.dataset.unsaved ? null : box.value;
let timer = 0;
let asking = new AbortController();
let leaving = false;
let escaped = false;

const faults = () => /** @type {HTMLElement[]} */ ([...findings.querySelectorAll("[data-line]")]);

function number() {
  const faulty = new Set(faults().map((one) => Number(one.dataset.line)));
  const lines = box.value.split("\n").length;
  const numbers = Array.from({ length: lines }, (_, place) => {
    const mark = document.createElement(faulty.has(place + 1) ? "mark" : "span");
    mark.textContent = String(place + 1);
    return mark;
  });
  gutter.replaceChildren(...numbers.flatMap((one) => [one, "\n"]));
  follow();
}

function follow() {
  gutter.scrollTop = box.scrollTop;
}

async function check() {
  asking.abort();
  asking = new AbortController();
  const body = new FormData(form);
  body.set("do", "check");
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: asking.signal });
    if (answer.status != 200 && answer.status != 422) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    show(page.getElementById("findings"));
  } catch {
    // No network, or a later check is under way: what was found last stays.
  }
}

/** @param {HTMLElement | null} found */
function show(found) {
  if (!found) return;
  findings.replaceChildren(...found.childNodes);
  // Told politely, and folded: somebody is in the middle of a word.
  for (const alert of findings.querySelectorAll("[role]")) alert.removeAttribute("role");
  for (const listing of findings.querySelectorAll("details.found")) listing.remove();
  number();
}

/** @param {number} line @param {number} column both from 1 */
function jump(line, column) {
  const before = box.value.split("\n").slice(0, line - 1);
  const place = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  box.focus();
  box.setSelectionRange(place, place);
  const height = parseFloat(getComputedStyle(box).lineHeight);
  box.scrollTop = Math.max(0, (line - 4) * height);
  box.scrollIntoView({ block: "nearest" });
}

const frame = document.createElement("div");
frame.className = "editing";
gutter.className = "gutter";
gutter.setAttribute("aria-hidden", "true");
box.replaceWith(frame);
frame.append(gutter, box);
const beside = document.createElement("div");
beside.className = "beside";
form.before(beside);
beside.append(form, findings);
for (const help of document.querySelectorAll("#keys")) help.removeAttribute("hidden");
box.setAttribute("aria-describedby", `${box.getAttribute("aria-describedby") ?? ""} keys`.trim());
for (const listing of findings.querySelectorAll("details.found")) listing.removeAttribute("open");
number();
if (faults().length) findings.scrollIntoView({ block: "nearest" });

box.addEventListener("scroll", follow);
box.addEventListener("input", () => {
  number();
  clearTimeout(timer);
  if (box.value.length <= LONGEST_WHILE_TYPING) timer = setTimeout(check, PAUSE);
});
box.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey;
  if (event.key == "Tab" && plain && !escaped) {
    event.preventDefault();
    // The old command is the only one that the browser can undo.
    document.execCommand("insertText", false, "  ");
  }
  escaped = event.key == "Escape";
});
findings.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("[data-line]");
  if (!(link instanceof HTMLElement)) return;
  event.preventDefault();
  jump(Number(link.dataset.line), Number(link.dataset.column));
});
form.addEventListener("submit", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));
addEventListener("beforeunload", (event) => {
  if (!leaving && box.value != kept) event.preventDefault();
});

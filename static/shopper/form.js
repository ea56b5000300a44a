// The report of one visit on the phone: a long form in parts, kept at every change, looked through
// at the end and frozen. Everything here adds to a form that is complete without it.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { local, uuid7 } from "../common.js";
import { asCodes } from "./codes.js";
import { discard, draftOf, keepDraft, newDraft, oneByOne, reportLock, submissionOf, sweep } from "./drafts.js";
import { brought, formKey, keptForm, tidyForms } from "./forms.js";
import { asPhotos, asPlace, asTimer, element } from "./gadgets.js";
import { divided, isThere, pageOf, turnTo, way } from "./parts.js";
import { freeze, isFinished, reports } from "./queue.js";
import { controlsIn, isTick, questionsIn, readAll, setValues, tongue, valuesOf } from "./reading.js";
import { fill, tap } from "./reports.js";
import { review, sayBeside } from "./review.js";
import { one } from "./store.js";

/** @typedef {import("./drafts.js").Draft} Draft */

/** @type {Record<string, typeof asTimer | undefined>} */
const GADGETS = { duration: asTimer, place: asPlace, photo: asPhotos };

const paper = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-visit]"));
if (paper) fillIn(paper);

/** @param {HTMLFormElement} form */
async function fillIn(form) {
  const words = JSON.parse(/** @type {any} */ (document.getElementById("words")).textContent);
  const { form: version = "", language = "", visit = "", shopper = "" } = form.dataset;
  const arrived = form.innerHTML;
  const banner = element("div", "");
  const kept = element("p", "h kept");
  form.before(banner);
  form.after(kept);

  /** @type {Draft} */
  let draft;
  let known = 0;
  let holding = false;
  let dirty = false;
  /** @type {Promise<void> | undefined} */
  let saving;
  // A write that fails must not take the next for another window's.
  const inOrder = oneByOne();
  /** @type {Set<Promise<void>>} photos that are being drawn */
  const drawing = new Set();
  /** @type {import("./parts.js").Page[]} */
  let pages = [];
  let at = 0;
  let reviewed = false;
  /** @type {ReturnType<typeof way> | undefined} */
  let path;
  /** @type {(() => void)[]} */
  let gadgets = [];
  /** @type {ReturnType<typeof asCodes> | undefined} */
  let codes;
  /** @type {Set<Element>} questions whose message is shown */
  let told = new Set();
  /** @type {ReturnType<typeof readAll>} */
  let found;

  const lock = reportLock(visit, letGo);
  // What is typed before the draft is here would be lost under it.
  form.inert = true;
  form.noValidate = true;
  form.autocomplete = "off";
  form.addEventListener("input", changed);
  form.addEventListener("change", left);
  form.addEventListener("submit", submit);
  addEventListener("popstate", ({ state: page }) => {
    if (!holding) return;
    turn(Math.min(Number(page) || 0, pages.length - 1), false);
    pages[at].heading.focus({ preventScroll: true });
  });
  // Whatever fails here, the form is still one that can be sent without a script.
  await enter(await lock.take()).catch((error) => {
    form.removeEventListener("submit", submit);
    form.inert = form.hidden = form.noValidate = false;
    throw error;
  });

  // Coming in

  /** @param {boolean} mine whether no other window has this report open */
  async function enter(mine) {
    holding = false;
    if (!mine) return shut(words.elsewhere, [words.continue_here, () => lock.seize().then(enter)]);
    let stored = true;
    /** @type {Draft | undefined} */
    const mineHere = await draftOf(visit, shopper).catch(() => void (stored = false));
    if (!mineHere && (await isSent())) return shut(words.finished, [words.to_queue, toQueue]);
    if (!mineHere && !arrived.trim()) return;
    form.hidden = false;
    banner.replaceChildren();
    // Made anew where another window had it meanwhile.
    if (path) form.innerHTML = arrived;
    draft = mineHere ?? newDraft(form);
    known = mineHere?.at ?? 0;
    if (mineHere) await goOn();
    else setUp();
    holding = true;
    form.inert = false;
    if (!stored) say(words.unkept_report);
    if (form.dataset.code) {
      codes?.scanned(form.dataset.code);
      delete form.dataset.code;
      const bare = new URL(location.href);
      bare.searchParams.delete("code");
      history.replaceState(at, "", bare);
    }
    await tidyForms().catch(() => {});
  }

  /** A report that was finished here and has not come back. */
  async function isSent() {
    const mine = (await reports()).filter((r) => r.shopper == shopper);
    return isFinished(mine, visit, form.dataset.replaces);
  }

  /** Goes on with a draft, in the version of the form it was begun with. */
  async function goOn() {
    const { token, replaces, site } = form.dataset;
    if (token) Object.assign(draft, { token, site });
    if (replaces) draft.replaces = replaces;
    const here = draft.form == version && !!arrived.trim();
    const old = here ? undefined : await keptForm(formKey(draft)).catch(() => undefined);
    if (old !== undefined) {
      form.innerHTML = brought(old, arrived);
      form.lang = draft.language;
      if (draft.form != version && arrived.trim()) tell(words.earlier_form);
    } else {
      form.innerHTML = arrived;
      if (!here) tell(words.form_lost);
      Object.assign(draft, { form: version, language });
    }
    Object.assign(hidden("id"), { value: draft.id });
    setValues(form, draft.values);
    setUp();
    await sweep(draft).catch(() => {});
    turn(Math.min(draft.page, pages.length - 1), false);
    history.replaceState(at, "");
    if (Date.now() - known < 60_000) return;
    const since = new Date(draft.started).toLocaleString(tongue(language), { dateStyle: "medium", timeStyle: "short" });
    tell(fill(words.begun, { since }));
  }

  /** @param {string} name */
  function hidden(name) {
    return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  }

  // The page becomes parts

  function setUp() {
    pages = divided(form);
    const title = words.review;
    const heading = element("h2", "", title);
    const last = element("section", "part", heading);
    last.id = "review";
    heading.tabIndex = -1;
    pages[pages.length - 1].part.after(last);
    pages.push({ part: last, heading, title, n: pages[pages.length - 1].n + 1, own: [] });
    path = way(pages, words, (page) => turn(page));
    form.prepend(path.made);
    const desk = {
      words,
      draft: () => draft,
      touched: changed,
      keepPhoto,
      drawing,
      photo,
    };
    gadgets = questionsIn(form).flatMap((question) => {
      const made = GADGETS[question.dataset.t ?? ""];
      return made ? [made(question, desk)] : [];
    });
    told = new Set();
    reviewed = false;
    form.querySelector(".bar")?.append(tap(words.back, () => turn(next(-1))));
    const scan = /** @type {HTMLElement | null} */ (form.querySelector("[data-scan]"));
    codes = scan ? asCodes(scan, desk) : undefined;
    if (codes) gadgets.push(codes.show);
    gadgets.forEach((show) => show());
    turn(0, false);
    history.replaceState(0, "");
  }

  /** The nearest page that conditions leave, in a direction. @param {1 | -1} step */
  function next(step) {
    let page = at + step;
    while (pages[page] && pages[page].own.length && !isThere(pages[page])) page += step;
    return Math.max(0, Math.min(page, pages.length - 1));
  }

  /** @param {number} page @param {boolean} [seen] whether a person asked for it */
  function turn(page, seen = true) {
    if (seen) for (const one of pages[at].own) told.add(one);
    at = page;
    const last = at == pages.length - 1;
    if (last) for (const one of questionsIn(form)) told.add(one);
    reviewed ||= last;
    refresh();
    turnTo(pages, at, words);
    if (last) review(pages[at].part, form, found, { words, draft, change, photo });
    const bar = /** @type {HTMLElement} */ (form.querySelector(".bar"));
    const [go, back] = bar.querySelectorAll("button");
    go.textContent = last ? words.send : at == pages.length - 2 ? words.review : words.next;
    back.hidden = !at;
    if (!seen) return;
    history.pushState(at, "");
    pages[at].heading.focus({ preventScroll: true });
    path?.made.scrollIntoView({ block: "start" });
    if (draft.id) save();
  }

  /** To a question and what answers it. @param {HTMLElement} question */
  function change(question) {
    turn(pageOf(pages, question));
    const field = question.querySelector("input:checked") ?? question.querySelector("input:not([hidden]),textarea,button");
    /** @type {HTMLElement | null} */ (field)?.focus({ preventScroll: true });
    question.scrollIntoView({ block: "center" });
  }

  /** @param {string} sha256 */
  function photo(sha256) {
    return one("photos", [draft.id, sha256]);
  }

  // Answers

  /** Show what conditions show, and the messages of what was seen to. */
  function refresh() {
    found = readAll(form, draft, words);
    hidden("asked").value = found.asked.join(" ");
    const wrong = [];
    for (const question of questionsIn(form)) {
      const { k = "" } = question.dataset;
      const fault = told.has(question) && !question.hidden ? found.faults.get(k) : undefined;
      sayBeside(question, `${k}-m`, fault);
      if (fault) wrong.push(question);
    }
    path?.show(at, reviewed ? wrong : []);
  }

  /** A field was left: what it says may be looked at. @param {Event} event */
  function left({ target }) {
    const question = /** @type {HTMLElement} */ (target).closest("[data-k]");
    if (question && controlsIn(question).some((one) => !isTick(one))) told.add(question);
    // Not at once: what the finger is about to touch must not move away under it.
    setTimeout(refresh, 250);
  }

  function changed() {
    if (!holding) return;
    name();
    refresh();
    save();
  }

  /** At the first touch. */
  function name() {
    if (draft.id) return;
    Object.assign(draft, { id: uuid7(), started: local() });
    hidden("id").value = draft.id;
    navigator.storage?.persist?.().catch(() => {});
  }

  // Keeping

  /** One write at a time; changes that come meanwhile go with the next. */
  function save() {
    dirty = true;
    saving ??= inOrder(async () => {
      while (dirty) await keep().catch(() => {});
    }).finally(() => (saving = undefined));
    return saving;
  }

  /** @param {string} question @param {Omit<import("./store.js").Photo, "key" | "id" | "question" | "at">} made */
  async function keepPhoto(question, made) {
    await inOrder(async () => {
      name();
      const { id, photos } = draft;
      const before = (photos[question] ??= []);
      photos[question] = [...before, made.sha256];
      const photo = { ...made, key: [id, made.sha256], id, question, at: Date.now() };
      try {
        await keep((store) => store("photos").put(photo));
      } catch (error) {
        photos[question] = photos[question].filter((one) => one != made.sha256);
        throw error;
      }
    });
    refresh();
  }

  /** Keep the draft as it stands. @param {(store: (name: any) => IDBObjectStore) => void} [more] */
  async function keep(more) {
    dirty = false;
    name();
    const first = !known;
    const before = known;
    draft.values = valuesOf(form);
    draft.page = at;
    draft.at = known = Math.max(Date.now(), known + 1);
    try {
      const outcome = await keepDraft(structuredClone(draft), before, (store) => {
        if (first) store("forms").put({ key: formKey(draft), html: arrived });
        more?.(store);
      });
      if (outcome == "kept") return tellKept();
      known = before;
      holding = false;
      if (outcome == "gone") shut(words.finished, [words.to_queue, toQueue]);
      else shut(words.elsewhere, [words.continue_here, () => lock.seize().then(enter)]);
      if (more) throw new Error(outcome);
    } catch (error) {
      known = before;
      const full = /** @type {Error} */ (error)?.name == "QuotaExceededError";
      // A photo that finds no place says so itself, and the answers are kept without it.
      if (!more) say(full ? words.full : words.unkept_report, [words.try_again, () => save()]);
      throw error;
    }
  }

  function tellKept() {
    document.getElementById("alert")?.remove();
    const time = new Date().toLocaleTimeString(tongue(draft.language), { timeStyle: "short" });
    kept.replaceChildren(`${fill(words.kept_at, { time })} `, tap(words.discard, putAway));
  }

  /** Another window goes on with this report: keep what is not kept, and be still. */
  async function letGo() {
    await Promise.all(drawing);
    if (dirty || saving) await save();
    holding = false;
    shut(words.elsewhere, [words.continue_here, () => lock.seize().then(enter)]);
  }

  function putAway() {
    if (confirm(words.discard_sure)) {
      holding = false;
      discard(draft).then(() => location.assign("/visits"), () => say(words.unkept_report));
    }
  }

  // Sending

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (!holding) return;
    if (at != pages.length - 1) return turn(next(1));
    if (drawing.size) {
      say(words.photo_working);
      await Promise.all(drawing);
      document.getElementById("alert")?.remove();
      return turn(at, false);
    }
    refresh();
    if (found.faults.size) {
      await review(pages[at].part, form, found, { words, draft, change, photo });
      document.getElementById("summary")?.focus();
      return;
    }
    holding = false;
    // Where there are no locks another window may have written, or sent, this draft meanwhile.
    await save();
    if (form.inert) return;
    try {
      await sweep(draft);
      const record = await submissionOf(draft, found);
      await freeze(draft, record);
      toQueue();
    } catch (error) {
      holding = true;
      const full = /** @type {Error} */ (error)?.name == "QuotaExceededError";
      say(full ? words.full : words.unkept_report);
    }
  }

  function toQueue() {
    location.assign("/visits/queue");
  }

  // What the person is told

  /** The form rests, and this says why. @param {string} text @param {[string, () => void]} act */
  function shut(text, act) {
    form.inert = true;
    kept.replaceChildren();
    const note = element("div", "a", element("p", "", text), tap(...act));
    note.setAttribute("role", "alert");
    banner.replaceChildren(note);
  }

  /** @param {string} text */
  function tell(text) {
    banner.append(element("p", "a", text));
  }

  /** Said beside the buttons. @param {string} text @param {[string, () => void]} [act] */
  function say(text, act) {
    document.getElementById("alert")?.remove();
    const note = element("div", "a", element("p", "", text), ...(act ? [tap(...act)] : []));
    note.id = "alert";
    note.setAttribute("role", "alert");
    form.querySelector(".bar")?.before(note);
    note.scrollIntoView({ block: "nearest" });
  }
}

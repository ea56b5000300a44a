// The customer's form on a phone with JavaScript: drafts, conditions, a fresh draw, the queue.
// Everything here adds to a form that is complete without it.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { hex, local, random, uuid7 } from "./common.js";
import { holds } from "./conditions.js";
import { figure } from "./figures.js";
import { flush, freeze, keep, remove, run, sent, start, state, watch } from "./queue.js";

/** @typedef {string | number | boolean | null | string[]} Answer */
/** @typedef {Record<string, Answer>} Answers */
/** @typedef {{id: string, token: string, at: number, started: string, drawn: string[],
 *             values: [string, string][]}} Draft */

/** One tab holds a draft; another that opens the same page begins its own. @param {string} id */
const hold = (id) =>
  new Promise((done) => {
    const asking = navigator.locks?.request(`draft ${id}`, { ifAvailable: true }, (lock) => {
      done(!!lock);
      return lock && new Promise(() => {});
    });
    asking ? asking.catch(() => done(true)) : done(true);
  });

export { holds };

const form = /** @type {HTMLFormElement} */ (document.getElementById("form"));
if (form) enhance();

async function enhance() {
  const words = JSON.parse(/** @type {any} */ (document.getElementById("words")).textContent);
  const { token = "", language = "" } = form.dataset;
  const hidden = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const questions = () => /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-k]")]);
  const controls = () =>
    /** @type {HTMLInputElement[]} */ ([...form.elements]).filter(
      (one) => one.name && one.type != "hidden",
    );
  const isTick = (/** @type {HTMLInputElement} */ one) => /radio|checkbox/.test(one.type);
  const scales = drawable();

  const line = /** @type {HTMLElement} */ (document.getElementById("state"));
  const more = /** @type {HTMLElement} */ (document.getElementById("more"));

  let id = "";
  let started = "";
  let saving = false;
  let dirty = false;
  let busy = false;
  let sentIt = false;
  let wordy = false;
  let erased = false;
  /** @type {HTMLElement | undefined} */
  let eraser;

  // Answers the server gave back (its store was down, say) go on under their own id.
  if (controls().some((one) => (isTick(one) ? one.defaultChecked : one.defaultValue))) begin(hidden("id").value);
  else draw();
  refresh();
  // The browser's own memory of the fields would tick what was sent already.
  form.autocomplete = "off";
  form.addEventListener("input", touched);
  form.addEventListener("invalid", unfold, true);
  form.addEventListener("submit", submit);
  watch(tell);
  start();
  if (!id) await restore();
  tell();
  if (document.readyState == "complete") register();
  else addEventListener("load", register);

  // Scales

  /** The scales of the draw, by key: those on the page and those that came along. */
  function drawable() {
    const rest = /** @type {HTMLTemplateElement | null} */ (document.getElementById("draw"));
    const all = [...form.querySelectorAll("[data-d]"), ...(rest?.content.children || [])];
    const found = new Map(/** @type {HTMLElement[]} */ (all).map((one) => [one.dataset.k, one]));
    return { rest, found, blocks: rest?.dataset.b?.split(" ") || [] };
  }

  /** Show the scales `keys`, or one of the balanced blocks. @param {(string | undefined)[]} [keys] */
  function draw(keys) {
    const { rest, found, blocks } = scales;
    if (!rest) return;
    const all = [...found.values()].sort((a, b) => Number(a.dataset.d) - Number(b.dataset.d));
    const block = blocks[new DataView(random(4).buffer).getUint32(0) % blocks.length];
    keys ??= [...block].map((place) => all[parseInt(place, 36)].dataset.k);
    for (const scale of all)
      if (keys.includes(scale.dataset.k)) rest.before(scale);
      else rest.content.append(scale);
  }

  // Answers

  /** @param {HTMLElement} question @returns {Answer | undefined} */
  function value({ dataset: { k = "", t } }) {
    const own = controls().filter((one) => one.name == k);
    const ticked = own.filter((one) => one.checked).map((one) => one.value);
    if (t == "choices") return ticked.length ? ticked : undefined;
    if (isTick(own[0])) {
      const [tick] = ticked;
      if (tick === undefined || t == "moment" || t == "choice") return tick;
      return t == "yes_no" ? tick == "true" : tick == "none" ? null : Number(tick);
    }
    const text = own[0].value.trim();
    own[0].setCustomValidity("");
    if (!text) return undefined;
    if (t == "datetime") return Number.isNaN(Date.parse(text)) ? text : local(new Date(text));
    if (t != "integer" && t != "number") return text;
    const answer = figure(text, t == "integer");
    const fits = !Number.isNaN(answer);
    own[0].setCustomValidity(fits ? "" : words.number_wrong);
    return fits ? answer : text;
  }

  /** Show what conditions show; what is answered and what was in sight. */
  function refresh() {
    /** @type {Answers} */
    const answers = {};
    const asked = [];
    for (const question of questions()) {
      const { k = "", t, if: condition } = question.dataset;
      question.hidden = !!condition && !holds(JSON.parse(condition), answers);
      // What is hidden neither goes with a plain post nor stops one.
      for (const one of controls()) if (one.name == k) one.disabled = question.hidden;
      if (question.hidden || t == "note") continue;
      const answer = value(question);
      if (answer !== undefined) answers[k] = answer;
      if (answer !== undefined || !question.closest("details:not([open])")) asked.push(k);
    }
    hidden("asked").value = asked.join(" ");
    return { answers, asked };
  }

  /** A field that stops Send must be seen. @param {Event} event */
  function unfold({ target }) {
    const fold = /** @type {HTMLElement} */ (target).closest("details");
    if (fold) fold.open = true;
  }

  // Drafts

  /** @param {string} as */
  function begin(as) {
    id = hidden("id").value = as;
    started = local();
    hold(id);
  }

  function touched() {
    if (!id) begin(uuid7());
    document.getElementById("alert")?.remove();
    refresh();
    save();
  }

  /** One write at a time; taps that come meanwhile go with the next. */
  async function save() {
    dirty = true;
    if (saving) return;
    saving = true;
    while (dirty && !busy) {
      dirty = false;
      await keep(draft());
    }
    saving = false;
  }

  /** @returns {Draft} */
  function draft() {
    const drawn = questions().filter((one) => one.dataset.d).map((one) => one.dataset.k || "");
    const values = controls()
      .filter((one) => (isTick(one) ? one.checked : one.value))
      .map((one) => /** @type {[string, string]} */ ([one.name, one.value]));
    return { id, token, at: Date.now(), started, drawn, values };
  }

  async function restore() {
    /** @type {Draft[]} */
    const all = await run("readonly", (store) => store("drafts").getAll()).catch(() => []);
    for (const found of all.sort((a, b) => b.at - a.at)) {
      if (found.token != token || !(await hold(found.id)) || id) continue;
      id = hidden("id").value = found.id;
      started = found.started;
      if (found.drawn.every((key) => scales.found.has(key))) draw(found.drawn);
      for (const one of controls())
        for (const [name, value] of found.values)
          if (one.name == name)
            if (!isTick(one)) one.value = value;
            else if (one.value == value) one.checked = true;
      refresh();
      for (const fold of form.querySelectorAll("details"))
        fold.open = [...fold.querySelectorAll("input,textarea")].some((one) =>
          found.values.some(([name]) => name == /** @type {any} */ (one).name),
        );
      if (Date.now() - found.at > 60_000)
        say(words.restored, [words.afresh, () => forget(found.id)]);
      return;
    }
  }

  /** @param {string} draft */
  async function forget(draft) {
    busy = true;
    await run("readwrite", (store) => store("drafts").delete(draft)).catch(() => {});
    location.reload();
  }

  // Sending

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const { answers, asked } = refresh();
    if (busy) return;
    if (!Object.keys(answers).length) {
      say(words.empty);
      return;
    }
    busy = true;
    if (!id) begin(uuid7());
    const secret = hex(random(16));
    const digest = await crypto.subtle?.digest("SHA-256", new TextEncoder().encode(secret));
    wordy = questions().some(
      ({ dataset: { k = "", t = "" } }) => /text|contact/.test(t) && k in answers,
    );
    const finished_at = local();
    const secret_sha256 = digest && hex(new Uint8Array(digest));
    const record = () => {
      const submission = { id, form: form.dataset.form, token, asked, answers, language };
      const text = { ...submission, started_at: started, finished_at, secret_sha256 };
      return { id, text: JSON.stringify(text), at: Date.now(), secret: digest ? secret : "" };
    };
    // Another tab may have sent this draft where there are no locks: then this is one more.
    while (!(await freeze(record()))) id = uuid7();
    sentIt = true;
    thank();
    flush();
  }

  /** Said beside the button that was tapped. @param {string} text @param {[string, () => void]} [act] */
  function say(text, act) {
    document.getElementById("alert")?.remove();
    const note = document.createElement("p");
    note.id = "alert";
    note.className = "a";
    note.setAttribute("role", "alert");
    note.append(text, act ? button(...act) : "");
    (form.hidden ? more : act ? form : /** @type {any} */ (form.querySelector(".go"))).before(note);
    note.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} text @param {() => void} act */
  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.append(text);
    made.onclick = act;
    return made;
  }

  // What the person is told

  /** The page becomes a thank-you that says what has happened, and no more. */
  function thank() {
    const { title, text } = heading();
    title.tabIndex = -1;
    text.setAttribute("role", "status");
    form.reset();
    form.hidden = true;
    more.before(line);
    const again = document.createElement("a");
    again.className = "b";
    again.href = location.pathname + location.search;
    again.append(words.again);
    more.after(again);
    tell().then(() => title.focus());
  }

  const heading = () => {
    const title = /** @type {HTMLElement} */ (document.querySelector("h1"));
    return { title, text: /** @type {HTMLElement} */ (title.nextElementSibling) };
  };

  /** @param {import("./queue.js").State} now */
  async function thanks({ waiting, failed }) {
    const { title, text } = heading();
    const receipt = await sent(id);
    const refused = waiting.some((one) => one.id == id && one.refused);
    title.textContent = refused ? words.not_taken : words.thanks;
    let said = failed ? words.kept : words.sending;
    if (refused) said = "";
    if (receipt) said = `${receipt.status == "held" ? words.held : words.arrived} ${words.nameless}`;
    if (erased) said = words.erased;
    if (text.textContent != said) text.textContent = said;
    if (!receipt?.secret || !wordy || eraser) return;
    eraser = button(words.erase, erase);
    more.after(eraser, " ");
  }

  async function erase() {
    const receipt = await sent(id);
    const done = await fetch("/api/erase", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, secret: receipt?.secret }),
    }).catch(() => undefined);
    if (done?.ok) {
      erased = true;
      eraser?.remove();
      document.getElementById("alert")?.remove();
    } else say(words.erase_failed);
    tell();
  }

  /** The quiet line: what waits, what was delivered; below it what was refused, and why. */
  async function tell() {
    const now = await state();
    const waiting = now.waiting.filter((one) => !one.refused);
    const n = waiting.length;
    let text = "";
    if (n && now.failed) text = (n == 1 ? words.waiting_one : words.waiting).replace("{n}", n);
    else if (!n && now.delivered) text = `✓ ${words.delivered}`;
    if (!now.kept) text += ` ${words.unkept}`;
    if (line.textContent != text) line.textContent = text;
    if (n && now.failed) navigator.storage?.persist?.().catch(() => {});
    const told = now.waiting.filter((one) => one.why);
    const oldest = n && now.failed ? [since(waiting[0]), document.createElement("br"), button(words.try_again, () => flush())] : [];
    more.replaceChildren(...oldest, ...told.map(row));
    if (sentIt) await thanks(now);
  }

  /** @param {import("./queue.js").Waiting} record */
  function since({ at }) {
    const own = navigator.language.startsWith(language) ? navigator.language : language;
    const style = /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" });
    return `${words.since.replace("{since}", new Date(at).toLocaleString(own, style))} `;
  }

  /** One that could not be taken: why, and what its owner can do. @param {import("./queue.js").Waiting} record */
  function row(record) {
    const { id, text, unknown } = record;
    const why = unknown ? `${words.unknown}.` : record.why;
    const made = document.createElement("p");
    made.append(
      `${words.not_taken}: ${why} ${since(record)}`,
      document.createElement("br"),
      button(words.try_again, () => flush(id)),
      button(words.save, () => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([`{"submissions":[${text}]}`]));
        link.download = `touchstone-${id}.json`;
        link.click();
      }),
      button(words.delete, () => confirm(words.delete_sure) && remove(id)),
    );
    return made;
  }

  /** The service worker, once the first view is done with. Not there without https: then without. */
  async function register() {
    const workers = navigator.serviceWorker;
    const made = await workers?.register("/sw.js").catch(() => undefined);
    if (!made) return;
    const offer = () => {
      if (!made.waiting || !workers.controller || sentIt) return;
      say(words.new_version, [words.reload, () => made.waiting?.postMessage("now")]);
      workers.oncontrollerchange = () => location.reload();
    };
    made.onupdatefound = () => made.installing?.addEventListener("statechange", offer);
    offer();
    (await workers.ready).active?.postMessage("languages");
  }
}

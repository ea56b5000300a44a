// Questions that a phone answers by itself: a timer of two taps, photos, the place.
// Each is a plain field without a script; here it gets its buttons.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { clock, controlsIn, position } from "./reading.js";
import { fill, make, tap } from "./reports.js";
import { develop, fileAddress, thumbnail } from "./photos.js";

/** @typedef {import("./store.js").Draft} Draft */
/** @typedef {import("./store.js").Photo} Photo */
/**
 * What a gadget needs of the report it stands in.
 * @typedef {{words: Record<string, string>, draft: () => Draft, touched: () => void,
 *            keepPhoto: (question: string, made: Awaited<ReturnType<typeof develop>>) => Promise<void>,
 *            drawing: Set<Promise<void>>,
 *            photo: (sha256: string) => Promise<Photo | undefined>}} Desk
 *   `touched` keeps what has changed; `keepPhoto` rejects where the phone is full, and then nothing
 *   of it is kept; `drawing` the photos under way, which a report waits for.
 */

/** @param {string} tag @param {string} style @param {(string | Node)[]} inside */
export function element(tag, style, ...inside) {
  const made = make(tag, "", ...inside);
  if (style) made.className = style;
  return made;
}

/** A button that says what it is for to whoever does not see where it stands.
 * @param {HTMLElement} made @param {string} what */
export function named(made, what) {
  made.setAttribute("aria-label", `${made.textContent}: ${what}`);
  return made;
}

/** Whether the row of a gadget had the focus, which is then given to what it became.
 * @param {HTMLElement} row @param {(string | Node)[]} inside */
function refill(row, ...inside) {
  const had = row.contains(document.activeElement);
  row.replaceChildren(...inside);
  if (had) row.querySelector("button")?.focus();
}

/** The buttons of a question are one group under its name, since its field may be out of sight.
 * @param {HTMLElement} question */
function grouped(question) {
  const label = question.querySelector("label");
  if (!label) return;
  label.id ||= `${question.dataset.k}-l`;
  question.setAttribute("role", "group");
  question.setAttribute("aria-labelledby", label.id);
}

// A timer keeps when it was started and nothing else: so it goes on while the phone sleeps.

/** @param {HTMLElement} question @param {Desk} desk @returns {() => void} shows what is kept */
export function asTimer(question, { words, draft, touched }) {
  const { k = "" } = question.dataset;
  const [field] = controlsIn(question);
  const row = element("div", "u");
  const time = element("output", "time");
  field.before(row);
  let ticking = 0;
  const elapsed = () => Math.max(0, Math.round((Date.now() - draft().timers[k]) / 1000));
  const stop = () => {
    field.value = clock(elapsed());
    delete draft().timers[k];
    tell();
  };
  function show() {
    clearInterval(ticking);
    const runs = k in draft().timers;
    field.hidden = runs;
    const tick = () => (time.textContent = clock(elapsed()));
    if (runs) {
      tick();
      ticking = setInterval(tick, 1000);
      refill(row, time, tap(words.timer_stop, stop), tap(words.timer_reset, reset));
    } else if (field.value) {
      refill(row, tap(words.timer_reset, reset));
    } else {
      refill(row, tap(words.timer_start, begun));
    }
  }
  function begun() {
    draft().timers[k] = Date.now();
    tell();
  }
  function reset() {
    delete draft().timers[k];
    field.value = "";
    tell();
  }
  function tell() {
    touched();
    show();
  }
  field.addEventListener("change", show);
  grouped(question);
  return show;
}

/** @param {HTMLElement} question @param {Desk} desk @returns {() => void} shows what is kept */
export function asPlace(question, { words, touched }) {
  const [field] = controlsIn(question);
  const row = element("div", "");
  const told = element("p", "h");
  told.setAttribute("role", "status");
  field.before(row);
  row.after(told);
  const help = /** @type {HTMLElement} */ (question.querySelector(`[id="${field.id}-h"]`));
  const how = help.textContent ?? "";
  let failed = false;
  function show() {
    const found = position(field.value.trim());
    // Whoever refuses, or whose phone finds nothing, can still write it.
    field.hidden = !failed && (!field.value || !!found);
    help.textContent = field.hidden ? how.replace(words.place, "") : how;
    if (found && field.hidden) {
      const { latitude, longitude, accuracy } = found;
      const where = `${latitude}, ${longitude}`;
      told.textContent = fill(words.place_found, { place: where, metres: Math.round(accuracy) });
      refill(row, tap(words.place_again, ask), tap(words.remove, remove));
    } else {
      refill(row, element("p", "h", words.place_why), tap(words.place_use, ask));
    }
  }
  function remove() {
    field.value = "";
    told.textContent = "";
    touched();
    show();
  }
  function ask() {
    if (!navigator.geolocation || !isSecureContext) return fail("place_https");
    told.textContent = words.place_asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) => {
        failed = false;
        field.value = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}, ${Math.ceil(accuracy)}`;
        touched();
        show();
      },
      ({ code }) => fail(["", "place_refused", "place_none", "place_late"][code]),
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 0 },
    );
  }
  /** @param {string} why */
  function fail(why) {
    failed = true;
    show();
    told.textContent = words[why] ?? words.place_none;
  }
  grouped(question);
  return show;
}

/** @param {HTMLElement} question @param {Desk} desk @returns {() => void} shows what is kept */
export function asPhotos(question, { words, draft, touched, keepPhoto, drawing, photo }) {
  const { k = "", most = "1" } = question.dataset;
  const field = /** @type {HTMLInputElement} */ (question.querySelector("input[type=file]"));
  const shown = element("ul", "photos");
  const told = element("div", "");
  told.setAttribute("role", "status");
  // One that takes a new picture at once, and one that looks through those there are.
  question.querySelector("label")?.removeAttribute("for");
  const chooser = /** @type {HTMLInputElement} */ (field.cloneNode());
  chooser.removeAttribute("id");
  chooser.removeAttribute("capture");
  const row = element("div", "");
  for (const one of [field, chooser]) {
    one.hidden = true;
    one.disabled = true;
    one.onchange = () => {
      const done = take(one).finally(() => drawing.delete(done));
      drawing.add(done);
    };
  }
  field.after(chooser, shown, row, told);
  const open = (/** @type {HTMLInputElement} */ one) => {
    // A plain post must not carry what is kept here already.
    one.disabled = false;
    one.click();
    one.disabled = true;
  };
  const mine = () => (draft().photos[k] ??= []);

  /** @param {HTMLInputElement} from */
  async function take(from) {
    const files = [...(from.files ?? [])];
    from.value = "";
    /** @type {string[]} */
    const said = [];
    told.textContent = words.photo_working;
    for (const file of files) {
      if (mine().length >= Number(most)) {
        said.push(fill(words.photo_most, { max: most }));
        break;
      }
      const why = await keep(file);
      if (why) said.push(`${file.name}: ${why}`);
    }
    told.replaceChildren(...said.map((one) => element("p", "m", one)));
    await show();
  }

  /** @param {File} file @returns {Promise<string>} why it is not kept, "" if it is */
  async function keep(file) {
    /** @type {Awaited<ReturnType<typeof develop>>} */
    let made;
    try {
      made = await develop(file);
    } catch (error) {
      return words[/** @type {Error} */ (error).message] ?? words.photo_wrong;
    }
    const { sha256 } = made;
    if (mine().includes(sha256)) return words.photo_twice;
    try {
      await keepPhoto(k, made);
      return "";
    } catch (error) {
      const full = /** @type {Error} */ (error)?.name == "QuotaExceededError";
      return full ? words.photo_full : words.photo_unkept;
    }
  }

  /** @param {string} sha256 */
  function remove(sha256) {
    const place = mine().indexOf(sha256);
    mine().splice(place, 1);
    touched();
    const undo = tap(words.undo, () => {
      mine().splice(place, 0, sha256);
      told.replaceChildren();
      touched();
      show();
    });
    told.replaceChildren(element("p", "", `${words.photo_removed} `, undo));
    show().then(() => undo.focus());
  }

  async function show() {
    const made = mine().map(async (sha256, i) => {
      const name = fill(words.photo_n, { n: i + 1 });
      const gone = named(tap(words.remove, () => remove(sha256)), name);
      const shown = await photo(sha256).catch(() => undefined);
      return element("li", "", await thumbnail(shown, name, fileAddress(draft(), sha256)), gone);
    });
    shown.replaceChildren(...(await Promise.all(made)));
    row.replaceChildren(
      ...(mine().length < Number(most)
        ? [tap(words.photo_take, () => open(field)), tap(words.photo_choose, () => open(chooser))]
        : []),
    );
  }
  grouped(question);
  return () => void show();
}

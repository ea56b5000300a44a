// What stands in a report's form: each question's answer, what is wrong with it, and both in words.
// The server reads a plain form likewise: `surveys/answers.py`, `surveys/written.py`.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { local } from "../common.js";
import { holds } from "../conditions.js";
import { figure } from "../figures.js";
import { fill } from "./reports.js";

/** @typedef {{latitude: number, longitude: number, accuracy: number}} Position */
/** @typedef {string | number | boolean | null | string[] | Position} Answer */
/** @typedef {{answer?: Answer, fault?: string}} Read */
/** @typedef {Record<string, string>} Words */

const LONGEST_TEXT = 5000;
const METRES_A_DEGREE = 111_320;

/** @param {ParentNode} form @returns {HTMLElement[]} */
export const questionsIn = (form) => [...form.querySelectorAll("[data-k]")].map((one) => /** @type {HTMLElement} */ (one));

/** What a question is answered with. @param {ParentNode} within @returns {HTMLInputElement[]} */
export const controlsIn = (within) =>
  /** @type {HTMLInputElement[]} */ ([...within.querySelectorAll("input,textarea")]).filter(
    (one) => one.name && one.type != "hidden" && one.type != "file",
  );

/** @param {HTMLInputElement} one */
export const isTick = (one) => /radio|checkbox/.test(one.type);

/** What a form says, as names and values. @param {ParentNode} form @returns {[string, string][]} */
export const valuesOf = (form) =>
  controlsIn(form)
    .filter((one) => (isTick(one) ? one.checked : one.value))
    .map((one) => [one.name, one.value]);

/** Say it again. @param {ParentNode} form @param {[string, string][]} values */
export function setValues(form, values) {
  for (const one of controlsIn(form)) {
    const own = values.filter(([name]) => name == one.name).map(([, value]) => value);
    if (isTick(one)) one.checked = own.includes(one.value);
    else one.value = own[0] ?? "";
  }
}

/** Figures and signs as the patterns below expect them. @param {string} text */
const plain = (text) =>
  text
    .replace(/[٠-٩۰-۹]/g, (one) => String(one.charCodeAt(0) & 15))
    .replace(/[،؛٫−°]/g, (one) => ({ "،": ",", "؛": ";", "٫": ".", "−": "-" })[one] ?? "");

/** The seconds of `3:20`, `1:03:20` or `200`; NaN where it is neither. @param {string} text */
export function seconds(text) {
  const written = plain(text);
  if (/^\d{1,9}$/.test(written)) return Number(written);
  const found = /^(?:(\d{1,3}):(?=\d\d[:.,]))?(\d{1,5})[:.,]([0-5]\d)$/.exec(written);
  if (!found) return NaN;
  const [hours, minutes, rest] = found.slice(1).map((part) => Number(part ?? 0));
  return hours * 3600 + minutes * 60 + rest;
}

/** Seconds as `3:20`. @param {number} duration */
export const clock = (duration) =>
  `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}`;

/** The position in `48.2082, 16.3738` or `48.2082, 16.3738, 25` (metres). @param {string} text */
export function position(text) {
  const written = plain(text);
  const parts = /[;\s]/.test(written) ? written.split(/\s*;\s*|,?\s+/) : written.split(",");
  const read = parts.map((part) => /^[-+]?\d{1,15}(?:\.(\d{1,15}))?$/.exec(part.replace(",", ".")));
  if (![2, 3].includes(parts.length) || read.includes(null)) return undefined;
  const [latitude, longitude, metres] = read.map((part) => Number(part?.[0]));
  const digits = Math.min(...read.slice(0, 2).map((part) => part?.[1]?.length ?? 0));
  const accuracy = metres ?? Math.max(1, Math.round(METRES_A_DEGREE / 2 / 10 ** digits));
  const fits = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && accuracy >= 0;
  return fits ? { latitude, longitude, accuracy } : undefined;
}

/**
 * Show what conditions show; what is answered, what was in sight, and what is wrong.
 * @param {HTMLElement} form
 * @param {import("./store.js").Draft} draft
 * @param {Words} words
 */
export function readAll(form, draft, words) {
  /** @type {Record<string, Answer>} */
  const answers = {};
  /** @type {string[]} */
  const asked = [];
  /** @type {Map<string, string>} */
  const faults = new Map();
  for (const question of questionsIn(form)) {
    const { k = "", t = "", if: condition, need } = question.dataset;
    question.hidden = !!condition && !holds(JSON.parse(condition), answers);
    // What is hidden does not go with a plain post either.
    for (const one of controlsIn(question)) one.disabled = question.hidden;
    if (question.hidden || t == "note") continue;
    const { answer, fault } = read(question, draft, words);
    asked.push(k);
    if (answer !== undefined) answers[k] = answer;
    if (fault) faults.set(k, fault);
    else if (need !== undefined && answer === undefined) faults.set(k, words.needed);
  }
  return { answers, asked, faults };
}

/** @param {HTMLElement} question @param {import("./store.js").Draft} draft @param {Words} words @returns {Read} */
function read(question, draft, words) {
  const { k = "", t = "" } = question.dataset;
  if (t == "photo") return draft.photos[k]?.length ? { answer: draft.photos[k] } : {};
  if (t == "duration" && draft.timers[k]) return { fault: words.timer_runs };
  const own = controlsIn(question);
  const ticked = own.filter((one) => one.checked).map((one) => one.value);
  if (t == "choices") return ticked.length ? { answer: ticked } : {};
  if (isTick(own[0])) {
    const [tick] = ticked;
    if (tick === undefined || t == "moment" || t == "choice") return { answer: tick };
    return { answer: t == "yes_no" ? tick == "true" : tick == "none" ? null : Number(tick) };
  }
  const text = own[0].value.trim();
  if (own[0].validity.badInput) return { fault: words.date_wrong };
  return text ? readText(t, text, question, words) : {};
}

/** @param {string} t @param {string} text @param {HTMLElement} question @param {Words} words @returns {Read} */
function readText(t, text, question, words) {
  if (t == "integer" || t == "number") {
    const answer = figure(text, t == "integer");
    if (Number.isNaN(answer))
      return { answer: text, fault: t == "integer" ? words.whole_wrong : words.number_wrong };
    return { answer, fault: outside(question, answer, words, String) };
  }
  if (t == "duration") {
    const answer = seconds(text);
    if (Number.isNaN(answer)) return { answer: text, fault: words.duration_wrong };
    return { answer, fault: outside(question, answer, words, clock) };
  }
  if (t == "place") {
    const answer = position(text);
    return answer ? { answer } : { answer: text, fault: words.place_wrong };
  }
  if (t == "date" || t == "datetime") {
    if (!/^\d{4}-/.test(text) || Number.isNaN(Date.parse(text))) return { answer: text, fault: words.date_wrong };
    return { answer: t == "date" ? text : local(new Date(text)) };
  }
  const most = Number(question.dataset.most) || LONGEST_TEXT;
  const tooLong = t == "text" && [...text].length > most;
  return { answer: text, fault: tooLong ? fill(words.text_long, { max: most }) : undefined };
}

/**
 * @param {HTMLElement} question
 * @param {number} answer
 * @param {Words} words
 * @param {(value: number) => string} write
 */
function outside({ dataset: { min, max } }, answer, words, write) {
  const low = min === undefined ? -Infinity : Number(min);
  const high = max === undefined ? Infinity : Number(max);
  if (answer >= low && answer <= high) return undefined;
  const both = Number.isFinite(low) && Number.isFinite(high);
  const limits = both ? words.between : Number.isFinite(low) ? words.at_least : words.at_most;
  return fill(words.outside, { limits: fill(limits, { min: write(low), max: write(high) }) });
}

/** How dates and times are written by a reader of `language`. @param {string} language */
export const tongue = (language) =>
  navigator.language.startsWith(language) ? navigator.language : language;

/** What is asked, without what is added in small. @param {HTMLElement} question */
export function asks(question) {
  const label = question.querySelector("legend,label") ?? question;
  const asked = /** @type {HTMLElement} */ (label.cloneNode(true));
  for (const small of asked.querySelectorAll(".h")) small.remove();
  return (asked.textContent ?? "").trim();
}

/**
 * An answer in words; "" where there is none.
 * @param {HTMLElement} question
 * @param {Answer | undefined} answer
 * @param {Words} words
 * @param {string} language
 */
export function inWords(question, answer, words, language) {
  const { t } = question.dataset;
  const own = controlsIn(question);
  if (answer === undefined) return "";
  if (t == "scale" && answer !== null) return fill(words.level, { n: String(answer) });
  if (own.length && isTick(own[0])) {
    const ticked = own.filter((one) => one.checked);
    return ticked.map((one) => one.closest("label")?.textContent?.trim()).join("; ");
  }
  const text = own[0]?.value.trim() ?? "";
  /** @param {Date} at @param {Intl.DateTimeFormatOptions} how */
  const said = (at, how) => (Number.isNaN(+at) ? text : at.toLocaleString(tongue(language), how));
  if (t == "date") return said(new Date(`${text}T12:00`), { dateStyle: "full" });
  if (t == "datetime") return said(new Date(text), { dateStyle: "full", timeStyle: "short" });
  if (t == "place" && answer && typeof answer == "object" && "latitude" in answer)
    return fill(words.place_found, {
      place: `${answer.latitude}, ${answer.longitude}`,
      metres: Math.round(answer.accuracy),
    });
  return text;
}

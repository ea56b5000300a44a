// What a `show_if` means: the same as in `surveys/conditions.py`, held equal by
// `tests/conditions.json`.

/**
 * Whether a condition holds.
 * @param {any} condition
 * @param {any} answers
 * @returns {boolean}
 */
export function holds(condition, answers) {
  return Object.entries(condition).every(([key, value]) => {
    if (key == "any") return value.some((/** @type {any} */ part) => holds(part, answers));
    if (key == "all") return value.every((/** @type {any} */ part) => holds(part, answers));
    if (key == "not") return !holds(value, answers);
    let answer = Object.hasOwn(answers, key) ? answers[key] : undefined;
    if (answer === "" || (Array.isArray(answer) && !answer.length)) answer = undefined;
    const there = answer !== undefined;
    const is = (/** @type {any} */ one) =>
      Array.isArray(answer) ? answer.includes(one) : answer === one;
    if (value?.constructor != Object) return there && is(value);
    return Object.entries(value).every(([name, bound]) => {
      if (name == "answered") return !!bound == there;
      if (name == "one_of") return there && bound.some(is);
      if (typeof answer != "number") return false;
      if (name == "at_least") return answer >= bound;
      if (name == "at_most") return answer <= bound;
      return name == "more_than" ? answer > bound : answer < bound;
    });
  });
}

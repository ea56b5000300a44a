// Numbers as people write them.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

/**
 * With Arabic or Persian figures and a decimal comma or not; NaN where it is no number.
 * @param {string} text
 * @param {boolean} whole
 */
export function figure(text, whole) {
  const plain = text
    .replace(/[٠-٩۰-۹]/g, (one) => String(one.charCodeAt(0) & 15))
    .replace(/[,٫]/, ".");
  const fits = (whole ? /^[-+]?\d{1,15}$/ : /^[-+]?\d{1,15}(\.\d{1,15})?$/).test(plain);
  return fits ? Number(plain) : NaN;
}

// A photo as it is kept and sent: not larger than it must be, and nothing in it but the picture.
//
// Comments stand on lines of their own: the server takes them out on the way to the phone.

import { hex } from "../common.js";

/** @typedef {import("./store.js").Photo} Photo */

const LONGEST_SIDE = 1600;
const QUALITY = 0.85;
const SMALL = 192;
const TYPE = "image/jpeg";

/** Why a file is not taken; its message is the name of a word. */
class NoPhoto extends Error {}

/**
 * A file, drawn anew: upright, at most 1600 px along its longest side, as a JPEG that says nothing
 * of the camera, the place or the time. Rejects with the name of a word that says why not.
 * @param {File} file
 * @returns {Promise<Pick<Photo, "sha256" | "type" | "bytes" | "width" | "height">>}
 */
export async function develop(file) {
  if (!crypto.subtle) throw new NoPhoto("photo_https");
  const picture = await decoded(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const sheet = drawn(picture, width, height);
  picture.close();
  /** @type {Blob | null} */
  const blob = await new Promise((done) => sheet.toBlob(done, TYPE, QUALITY));
  if (!blob) throw new NoPhoto("photo_wrong");
  const bytes = await blob.arrayBuffer();
  const sha256 = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return { sha256, type: TYPE, bytes, width, height };
}

/** @param {File} file */
async function decoded(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const start = new Uint8Array(await file.slice(4, 12).arrayBuffer().catch(() => new ArrayBuffer(0)));
    const brand = String.fromCharCode(...start);
    const heic = /^ftyp(hei|hev|mif|msf)/.test(brand) || /hei[cf]/.test(file.type);
    throw new NoPhoto(heic ? "photo_heic" : "photo_wrong");
  }
}

/** @param {ImageBitmap} picture @param {number} width @param {number} height */
function drawn(picture, width, height) {
  const sheet = document.createElement("canvas");
  sheet.width = width;
  sheet.height = height;
  const pen = sheet.getContext("2d");
  if (!pen) throw new NoPhoto("photo_wrong");
  // What is transparent becomes paper.
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, width, height);
  return sheet;
}

/** Where the server has a photo that came with an earlier report.
 * @param {import("./store.js").Draft} draft @param {string} sha256 */
export const fileAddress = ({ visit }, sha256) => `/visits/${visit}/files/${sha256}`;

/**
 * A small picture of a photo. It is drawn, since a page here may not show what it made itself.
 * @param {Photo | undefined} photo not there where only the server has it
 * @param {string} name
 * @param {string} address where the server has it
 */
export async function thumbnail(photo, name, address) {
  const shown = photo ? await small(photo) : Object.assign(new Image(), { src: address, alt: name });
  shown.className = "photo";
  if (!photo) return shown;
  shown.setAttribute("role", "img");
  shown.setAttribute("aria-label", name);
  return shown;
}

/** @param {Photo} photo */
async function small({ bytes, type, width, height }) {
  const picture = await createImageBitmap(new Blob([bytes], { type }));
  const sheet = drawn(picture, Math.max(1, Math.round((width / height) * SMALL)), SMALL);
  picture.close();
  return sheet;
}

// What a page is called: the time of a shot, "Image", or its number.
import { t } from "./i18n.js";

const two = (value) => String(value).padStart(2, "0");

/** Seconds as 12:31 or 1:02:03. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export const isShot = (page) => page.start !== null && page.start !== undefined;

export function placeOf(page) {
  if (isShot(page)) return clock(page.start);
  if (page.kind === "image" && page.number === 1) return t("kind_image");
  return t("pageNumber", page.page_label || page.number);
}

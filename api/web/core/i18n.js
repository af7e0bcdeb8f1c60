// Texts: one file a language, chosen by the browser's languages or the switch.
const LANGUAGES = {
  en: () => import("../text/en.js"),
  ko: () => import("../text/ko.js"),
};
const KEPT = "pageglass.language";

function choose() {
  const wanted = [localStorage.getItem(KEPT), ...navigator.languages];
  const heads = wanted.filter(Boolean).map((name) => name.slice(0, 2));
  return heads.find((name) => name in LANGUAGES) || "en";
}

export const language = choose();
document.documentElement.lang = language;
const { default: texts } = await LANGUAGES[language]();

/** Text under a name; those that count things are functions. */
export function t(name, ...values) {
  const text = texts[name];
  return typeof text === "function" ? text(...values) : text;
}

export function switchLanguage() {
  localStorage.setItem(KEPT, language === "en" ? "ko" : "en");
  location.reload();
}

export const number = (value) => new Intl.NumberFormat(language).format(value);
export const percent = (value) =>
  new Intl.NumberFormat(language, { style: "percent" }).format(value);
export const day = (iso) =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(iso));

export function bytes(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const at = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1);
  const style = { style: "unit", unit: units[at], maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(language, style).format(value / 1000 ** at);
}

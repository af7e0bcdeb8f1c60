// What screens and parts take from the core.
export * from "./api.js";
export * from "./html.js";
export * from "./i18n.js";
export * from "./router.js";

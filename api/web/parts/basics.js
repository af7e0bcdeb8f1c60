// Icons and buttons with icons; messages of what went wrong, is awaited, or was done.
import { html, store, t } from "../core/app.js";

const PATHS = {
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13m4.7 11.2L20 20",
  ask: "M4 5h16v11H10l-4 4v-4H4z",
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9h.01",
  library: "M5 4h5v16H5zM10 4h4v16h-4zM15 5l3.5-1 3 15-3.5 1z",
  status: "M3 13h4l3-8 4 14 3-6h4",
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 4v12m-5-5 5 5 5-5M5 20h14",
  left: "m15 5-7 7 7 7",
  right: "m9 5 7 7-7 7",
  close: "M6 6l12 12M18 6 6 18",
  turn: "M19 12a7 7 0 1 1-2.5-5.4M19 4v4h-4",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  edit: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.5 5 7.5 7.5 0 1 0 19 14.5z",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  stop: "M7 7h10v10H7z",
  heat: "M12 3c1 4 5 5.500 5 10a5 5 0 0 1-10 0c0-2 1-3 2-4 .5 1.500 1 2 2 2 0-3-1-5 1-8z",
  out: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
};

/** Icon, drawn with lines of 1.6 in a square of 24. */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>
`;

/** Button, or link where it has an address, that is an icon; `children` are its words, if any. */
export function IconButton({ icon, label, children, ...rest }) {
  const inside = html`<${Icon} name=${icon} /> ${children}`;
  const shared = { "aria-label": label, title: label, ...rest };
  return rest.href
    ? html`<a ...${shared} class="button quiet">${inside}</a>`
    : html`<button type="button" class="quiet" ...${shared}>${inside}</button>`;
}

export const Trouble = ({ problem, retry }) => html`<div class="trouble" role="alert">
  <p><b>${problem.message}</b></p>
  ${problem.hint && html`<p>${problem.hint}</p>`}
  ${retry && html`<button onClick=${retry}>${t("retry")}</button>`}
</div>`;

export const Waiting = ({ text }) => html`<p class="waiting" role="status">${text || t("loading")}</p>`;

const toasts = store([]);

/** Show a message for some seconds, with a button where it can be undone. */
export function toast(text, { undo, seconds = 5, bad = false } = {}) {
  const one = { text, bad };
  const away = () => toasts.set(toasts.get().filter((other) => other !== one));
  if (undo) one.undo = () => (undo(), away());
  toasts.set([...toasts.get(), one]);
  setTimeout(away, seconds * 1000);
}

export const complain = ({ message, hint }) =>
  toast(`${message} ${hint || ""}`, { bad: true, seconds: 9 });

export const Toasts = () => html`<div class="toasts" role="status" aria-live="polite">
  ${toasts.use().map(
    ({ text, undo, bad }) => html`<div key=${text} class="toast ${bad ? "bad" : ""}">
      <span>${text}</span>
      ${undo && html`<button onClick=${undo}>${t("undo")}</button>`}
    </div>`,
  )}
</div>`;

// Toasts: short messages, some with a button that undoes.
import { html, useEffect, useState } from "../core/html.js";
import { t } from "../core/i18n.js";

let shown = [];
let next = 1;
const listeners = new Set();

function set(toasts) {
  shown = toasts;
  for (const listener of listeners) listener(toasts);
}

/** Show a message for some seconds. Returns a function that takes it away. */
export function toast(text, { undo, seconds = 5, bad = false } = {}) {
  const id = next++;
  const away = () => set(shown.filter((one) => one.id !== id));
  set([...shown, { id, text, undo, bad, away }]);
  setTimeout(away, seconds * 1000);
  return away;
}

export const complain = (problem) =>
  toast([problem.message, problem.hint].filter(Boolean).join(" "), { bad: true, seconds: 9 });

export function Toasts() {
  const [toasts, setToasts] = useState(shown);
  useEffect(() => {
    listeners.add(setToasts);
    return () => listeners.delete(setToasts);
  }, []);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.map(
      ({ id, text, undo, bad, away }) => html`<div key=${id} class="toast ${bad ? "bad" : ""}">
        <span>${text}</span>
        ${undo &&
        html`<button
          type="button"
          onClick=${() => {
            undo();
            away();
          }}
        >
          ${t("undo")}
        </button>`}
      </div>`,
    )}
  </div>`;
}

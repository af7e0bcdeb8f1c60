// Keys: what each does, in a dialog.
import { html, useRef } from "../core/html.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/use.js";

const KEYS = [
  ["/", "keyBox"],
  ["j  k", "keyNext"],
  ["o  ↵", "keyOpen"],
  ["←  →", "keyCitation"],
  ["[  ]", "keyPage"],
  ["+  −  0", "keyZoom"],
  ["Esc", "keyClose"],
  ["?", "keyHelp"],
];

export function Help() {
  const dialog = useRef();
  useKeys({ "?": () => dialog.current.showModal() });
  return html`<dialog ref=${dialog} class="help" aria-labelledby="help-title">
    <h2 id="help-title">${t("keys")}</h2>
    <dl>
      ${KEYS.map(([keys, text]) => html`<dt><kbd>${keys}</kbd></dt><dd>${t(text)}</dd>`)}
    </dl>
    <form method="dialog"><button>${t("close")}</button></form>
  </dialog>`;
}

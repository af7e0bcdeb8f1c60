// What went wrong, and what to do about it; and what is being waited for.
import { html } from "../core/html.js";
import { t } from "../core/i18n.js";

export const Trouble = ({ problem, retry }) => html`<div class="trouble" role="alert">
  <p><b>${problem.status === 0 ? t("noServer") : problem.message}</b></p>
  ${problem.hint && html`<p>${problem.hint}</p>`}
  ${retry && html`<button type="button" onClick=${retry}>${t("retry")}</button>`}
</div>`;

export const Waiting = ({ text }) =>
  html`<p class="waiting" role="status"><i class="dots" aria-hidden="true"></i>${text || t("loading")}</p>`;

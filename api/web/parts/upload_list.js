// Uploads: progress of each, cancel, and for one that failed its reason and remedy.
import { html } from "../core/html.js";
import { pageKey } from "../core/api.js";
import { t } from "../core/i18n.js";
import { url } from "../core/router.js";
import { cancel, putAway, retry, useUploads } from "../core/uploads.js";
import { Icon } from "./icons.js";

const SHOWN = 50;

export function UploadList() {
  const items = useUploads();
  if (!items.length) return null;
  const ended = items.filter((item) => item.ended);
  // Those that run and fail come before those that wait and are done.
  const rank = (item) => (item.problem ? 0 : item.state === "waiting" ? 2 : item.ended ? 3 : 1);
  const shown = [...items].sort((a, b) => rank(a) - rank(b) || a.id - b.id).slice(0, SHOWN);
  return html`<section class="uploads" aria-labelledby="uploads">
    <div class="heading">
      <h2 id="uploads">${t("uploads", ended.length, items.length)}</h2>
      ${ended.length > 0 && html`<button type="button" class="quiet" onClick=${() => putAway(ended)}>${t("putAway")}</button>`}
    </div>
    <ul>${shown.map((item) => html`<${Upload} key=${item.id} item=${item} />`)}</ul>
    ${items.length > SHOWN && html`<p class="note">${t("moreUploads", items.length - SHOWN)}</p>`}
  </section>`;
}

function told(item) {
  if (item.state === "done") return item.known ? t("alreadyThere") : t("added");
  if (item.state === "running" && item.pages) return t("pagesDone", item.done, item.pages);
  return t(`upload_${item.state}`);
}

function Upload({ item }) {
  const share = item.state === "sending" ? item.sent : item.pages ? item.done / item.pages : null;
  const locked = item.problem && /password/i.test(item.problem.message + item.problem.hint);
  const again = (event) => {
    event.preventDefault();
    retry(item, event.target.elements.password?.value);
  };
  return html`<li class="upload ${item.state}">
    <span class="name">${item.name}</span>
    <span class="state" role="status">${told(item)}</span>
    ${!item.ended && html`<progress aria-label=${item.name} max="1" value=${share ?? undefined}></progress>`}
    ${!item.ended &&
    html`<button type="button" class="quiet" disabled=${item.cancelled} aria-label=${`${t("cancel")}: ${item.name}`} onClick=${() => cancel(item)}>
      <${Icon} name="close" /> ${t("cancel")}
    </button>`}
    ${item.document && html`<a href=${url(`/p/${pageKey(item.document.document, 1)}`)}>${t("open")}</a>`}
    ${item.problem &&
    html`<div class="reason">
      <b>${item.problem.message}</b> ${item.problem.hint}
      ${item.file &&
      html`<form onSubmit=${again}>
        ${locked && html`<input name="password" type="password" aria-label=${t("passwordOf", item.name)} placeholder=${t("password")} />`}
        <button>${t("retry")}</button>
      </form>`}
    </div>`}
  </li>`;
}

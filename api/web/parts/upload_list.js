// Uploads: progress of each, cancel, and for one that failed its reason and remedy.
import { html, instead, pageKey, pageUrl, t } from "../core/app.js";
import { cancel, putAway, retry, useUploads } from "../core/uploads.js";
import { IconButton } from "./basics.js";

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
      ${ended.length > 0 && html`<button class="quiet" onClick=${() => putAway(ended)}>${t("putAway")}</button>`}
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
  const { name, problem, ended } = item;
  const share = item.state === "sending" ? item.sent : item.pages ? item.done / item.pages : null;
  const locked = /password/i.test(problem?.message + problem?.hint);
  return html`<li class="upload ${item.state}">
    <span class="name">${name}</span>
    <span class="state" role="status">${told(item)}</span>
    ${!ended &&
    html`<progress aria-label=${name} max="1" value=${share ?? undefined}></progress>
      <${IconButton} icon="close" label=${`${t("cancel")}: ${name}`} disabled=${item.cancelled} onClick=${() => cancel(item)}>
        ${t("cancel")}
      </${IconButton}>`}
    ${item.document && html`<a href=${pageUrl(pageKey(item.document.document, 1))}>${t("open")}</a>`}
    ${problem &&
    html`<div class="reason">
      <b>${problem.message}</b> ${problem.hint}
      ${item.file &&
      html`<form onSubmit=${instead(({ target }) => retry(item, target.elements.password?.value))}>
        ${locked && html`<input name="password" type="password" aria-label=${t("passwordOf", name)} placeholder=${t("passwordOf", name)} />`}
        <button>${t("retry")}</button>
      </form>`}
    </div>`}
  </li>`;
}

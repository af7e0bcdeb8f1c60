// Home: one box for words or a picture; the newest documents; a drop zone for the first.
import { day, get, go, html, imageUrl, instead, pageKey, pageUrl, t, url, useData, useRef, useState, useTitle } from "../core/app.js";
import { addFiles } from "../core/uploads.js";
import { DropZone } from "../parts/drop_zone.js";
import { Icon, Trouble, complain } from "../parts/basics.js";
import { takePicture } from "../parts/picture.js";

export function Home() {
  useTitle("");
  const recent = useData(
    (signal) => get("/v1/documents", { sort: "-added", limit: 12 }, signal),
    [],
  );
  const empty = recent.data?.count === 0;
  return html`<div class="home">
    <h1>${empty ? t("welcome") : t("askAnything")}</h1>
    ${recent.problem && html`<${Trouble} problem=${recent.problem} />`}
    ${empty
      ? html`<${First} />`
      : html`<${AskBox} /><${Recent} documents=${recent.data?.documents || []} count=${recent.data?.count} />`}
  </div>`;
}

export function AskBox({ onSubmit, label, compact }) {
  const box = useRef();
  const [over, setOver] = useState(false);
  const submit = (path, photos) => {
    const q = box.current.value.trim();
    if (!q) return box.current.focus();
    if (onSubmit) {
      onSubmit(q);
      box.current.value = "";
      return undefined;
    }
    return go(url(path, { q, photos }));
  };
  const take = async (event) => {
    setOver(false);
    const image = !compact && (await takePicture(event));
    if (image) go(url("/search", { photos: 1, image }));
  };
  return html`<form
    class="ask-box ${over ? "over" : ""} ${compact ? "compact" : ""}"
    onSubmit=${instead(() => submit("/ask"))}
    onPaste=${take}
    onDragOver=${() => setOver(true)}
    onDragLeave=${() => setOver(false)}
    onDrop=${take}
  >
    <textarea
      ref=${box}
      data-main-box
      rows="2"
      maxlength="2000"
      aria-label=${label || t("question")}
      placeholder=${label || t("askPlaceholder")}
      onKeyDown=${(event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          submit("/ask");
        }
        if (event.key === "Escape") box.current.blur();
      }}
    ></textarea>
    <div class="actions">
      ${!compact && html`<span class="hint">${t("pictureHint")}</span>`}
      <button class="main"><${Icon} name="ask" /> ${t("ask")}</button>
      ${!compact &&
      html`<button type="button" onClick=${() => submit("/search")}><${Icon} name="search" /> ${t("search")}</button>
        <button type="button" onClick=${() => submit("/search", 1)}><${Icon} name="photo" /> ${t("photos")}</button>`}
    </div>
  </form>`;
}

function Recent({ documents, count }) {
  if (!documents.length) return null;
  return html`<section aria-labelledby="recent">
    <div class="heading">
      <h2 id="recent">${t("recent")}</h2>
      <a href=${url("/docs")}>${t("allDocuments", count)}</a>
    </div>
    <ul class="shelf">
      ${documents.map(
        (document) => html`<li key=${document.document}>
          <a href=${pageUrl(pageKey(document.document, 1))}>
            <span class="thumb">
              <img loading="lazy" alt="" src=${imageUrl(pageKey(document.document, 1), 160, document.revision)} />
            </span>
            <b>${document.title || document.name}</b>
            <small>${t("pages", document.pages)}</small>
            <small>${day(document.added_at)}</small>
          </a>
        </li>`,
      )}
    </ul>
  </section>`;
}

function First() {
  const samples = useData((signal) => get("/app/samples", {}, signal), []);
  const trySamples = async () => {
    const read = async (name) => new File([await (await fetch(url(`/app/samples/${name}`))).blob()], name);
    try {
      open(await Promise.all(samples.data.map(read)));
    } catch (problem) {
      complain(problem);
    }
  };
  const open = (files) => {
    addFiles(files);
    go(url("/docs"));
  };
  return html`<p class="lead">${t("welcomeLead")}</p>
    <${DropZone} onFiles=${open} large>
      ${samples.data?.length > 0 &&
      html`<button class="quiet" onClick=${trySamples}>${t("trySamples", samples.data.length)}</button>`}
    </${DropZone}>`;
}

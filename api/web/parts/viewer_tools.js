// Tools of the page viewer: pages, zoom, rotation, find, downloads, questions; similarity map.
import { amend, get, html, instead, percent, t, url, useData } from "../core/app.js";
import { isShot, placeOf } from "../core/place.js";
import { Icon, IconButton } from "./basics.js";

export function ViewerTools({ page, q, find, places, at, scale, onFind, onPlace, onMove, onZoom, onTurn }) {
  return html`<header class="viewer-tools">
    <h1 title=${page.name}>${page.title || page.name}</h1>
    <span class="group">
      <${IconButton} icon="left" label=${t("previousPage")} onClick=${() => onMove(-1)} disabled=${page.number <= 1} />
      <span>${isShot(page) ? `${placeOf(page)} · ` : ""}${page.page_label || page.number} / ${page.pages}</span>
      <${IconButton} icon="right" label=${t("nextPage")} onClick=${() => onMove(1)} disabled=${page.number >= page.pages} />
    </span>
    <span class="group">
      <${IconButton} icon="minus" label=${t("zoomOut")} onClick=${() => onZoom(-1)} />
      <button class="quiet" title=${t("fit")} aria-label=${`${t("fit")}, ${percent(scale)}`} onClick=${() => amend({ z: null })}>
        ${percent(scale)}
      </button>
      <${IconButton} icon="plus" label=${t("zoomIn")} onClick=${() => onZoom(1)} />
      <${IconButton} icon="turn" label=${t("turn")} onClick=${onTurn} />
    </span>
    <form class="group" role="search" onSubmit=${instead(() => onPlace(1))}>
      <input
        type="search"
        data-main-box
        value=${find}
        aria-label=${t("findInPage")}
        placeholder=${t("findInPage")}
        onInput=${(event) => onFind(event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && (onFind(""), event.target.blur())}
      />
      ${find && html`<small role="status">${places ? `${at + 1} / ${places}` : t("notFound")}</small>`}
    </form>
    <span class="group">
      <${IconButton} icon="down" href=${url(`/v1/pages/${page.page}/image`)} download=${`${page.name}-${page.number}.webp`}>
        ${t("page")}
      </${IconButton}>
      <${IconButton} icon="down" href=${url(`/v1/documents/${page.document}/file`)} download="">
        ${t("downloadOriginal")}
      </${IconButton}>
      <a
        class="button"
        href=${url("/ask", {
          q: q || t("whatDoesItSay", page.page_label || page.number),
          doc: page.document,
          page: page.number,
        })}
      >
        <${Icon} name="ask" /> ${t("askAboutPage")}
      </a>
    </span>
  </header>`;
}

/** Where a page is like the question, all of it or one word. */
export function SimilarityMap({ page, q, map }) {
  const off = map === null;
  const { data } = useData(
    async (signal) => (off ? null : get(`/v1/pages/${page}/explanation`, { query: q }, signal)),
    [page, q, off],
  );
  const button = (value, text, score) => html`<button
    key=${value}
    aria-pressed=${`${map === value}`}
    onClick=${() => amend({ map: map === value ? null : value })}
  >
    ${text} ${score !== undefined && html`<small>${score.toFixed(2)}</small>`}
  </button>`;
  return html`<div class="map-words" role="group" aria-label=${t("similarityMap")}>
    <span><${Icon} name="heat" /> ${t("similarityMap")}</span>
    ${button("all", t("wholeQuestion"), data?.score)}
    ${data?.tokens.map(({ word, weight, score }, at) => word && weight > 0 && button(`${at}`, word, score))}
  </div>`;
}

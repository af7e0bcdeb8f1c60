// Tools of the page viewer: pages, zoom, rotation, find, downloads, questions.
import { html } from "../core/html.js";
import { percent, t } from "../core/i18n.js";
import { isShot, placeOf } from "../core/place.js";
import { url } from "../core/router.js";
import { Icon } from "./icons.js";

export function ViewerTools(props) {
  const { page, q, find, places, at, scale, onFind, onPlace, onMove, onZoom, onFit, onTurn } = props;
  const button = (icon, text, act, disabled) => html`<button
    type="button"
    class="quiet"
    aria-label=${text}
    title=${text}
    disabled=${disabled}
    onClick=${act}
  >
    <${Icon} name=${icon} />
  </button>`;
  return html`<header class="viewer-tools">
    <h1 title=${page.name}>${page.title || page.name}</h1>
    <span class="group">
      ${button("left", t("previousPage"), () => onMove(-1), page.number <= 1)}
      <span>${isShot(page) ? `${placeOf(page)} · ` : ""}${page.page_label || page.number} / ${page.pages}</span>
      ${button("right", t("nextPage"), () => onMove(1), page.number >= page.pages)}
    </span>
    <span class="group">
      ${button("minus", t("zoomOut"), () => onZoom(-1))}
      <button type="button" class="quiet" title=${t("fit")} aria-label=${`${t("fit")}, ${percent(scale)}`} onClick=${onFit}>
        ${percent(scale)}
      </button>
      ${button("plus", t("zoomIn"), () => onZoom(1))} ${button("turn", t("turn"), onTurn)}
    </span>
    <form class="group" role="search" onSubmit=${(event) => (event.preventDefault(), onPlace(1))}>
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
      <a class="button quiet" href=${url(`/v1/pages/${page.page}/image`)} download=${`${page.name}-${page.number}.webp`}>
        <${Icon} name="down" /> ${t("downloadPage")}
      </a>
      <a class="button quiet" href=${url(`/v1/documents/${page.document}/file`)} download="">
        <${Icon} name="down" /> ${t("downloadOriginal")}
      </a>
      <a class="button" href=${url("/ask", {
        q: q || t("whatDoesItSay", page.page_label || page.number),
        doc: page.document,
        page: page.number,
      })}>
        <${Icon} name="ask" /> ${t("askAboutPage")}
      </a>
    </span>
  </header>`;
}

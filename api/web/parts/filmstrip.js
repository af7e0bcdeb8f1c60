// Filmstrip: small images of a document's pages, those with hits marked.
import { html, imageUrl, pageKey, pageUrl, t, useEffect, useRef } from "../core/app.js";
import { Windowed } from "./windowed.js";

const SIZE = 136;

export function Filmstrip({ page, hits, keep }) {
  const strip = useRef();
  const across = innerWidth < 760;
  useEffect(() => {
    const start = (page.number - 1) * SIZE;
    const box = strip.current;
    const seen = across ? box.scrollLeft : box.scrollTop;
    const room = across ? box.clientWidth : box.clientHeight;
    if (start < seen || start + SIZE > seen + room) {
      box.scrollTo({ [across ? "left" : "top"]: Math.max(0, start - room / 2 + SIZE / 2) });
    }
  }, [page.number, page.document]);
  const marked = new Map(hits.map((hit) => [hit.number, hit.rank]));
  const row = (at) => {
    const number = at + 1;
    const key = pageKey(page.document, number);
    const rank = marked.get(number);
    return html`<li key=${key} class=${rank ? "hit" : ""}>
      <a
        href=${pageUrl(key, keep)}
        aria-current=${number === page.number ? "page" : null}
        aria-label=${rank ? t("pageWithHit", number) : t("pageNumber", number)}
      >
        <span class="film"><img src=${imageUrl(key, 84, page.revision)} alt="" /></span>
        <small>${number}</small>
      </a>
    </li>`;
  };
  return html`<nav class="filmstrip" ref=${strip} aria-label=${t("pagesOfDocument")} tabindex="0">
    <${Windowed} count=${page.pages} size=${SIZE} row=${row} within across=${across} />
  </nav>`;
}

// Player: the original of a shot, from its time on, and the moments that a search found in it.
import { html, useEffect, useRef, useState } from "../core/html.js";
import { pageKey } from "../core/api.js";
import { t } from "../core/i18n.js";
import { clock } from "../core/place.js";
import { url } from "../core/router.js";

/** Of a format that the browser does not play nothing is shown but the page. */
export function Player({ page, hits, keep }) {
  const video = useRef();
  const [first] = useState(page.start);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (video.current?.readyState) video.current.currentTime = page.start;
  }, [page.page]);
  const moments = hits.filter((hit) => hit.regions.length).sort((a, b) => a.start - b.start);
  return html`<div class="player">
    ${!failed &&
    html`<video
      ref=${video}
      controls
      preload="metadata"
      aria-label=${t("playFrom", page.name, clock(page.start))}
      src=${`${url(`/v1/documents/${page.document}/file`)}#t=${first}`}
      onLoadedMetadata=${() => (video.current.currentTime = page.start)}
      onError=${() => setFailed(true)}
    />`}
    ${moments.length > 1 &&
    html`<ul class="moments" aria-label=${t("moments")}>
      ${moments.map((hit) => html`<${Moment} key=${hit.page} hit=${hit} keep=${keep} here=${hit.page === page.page} />`)}
    </ul>`}
  </div>`;
}

/** Link to a shot by its time. */
export function Moment({ hit, keep, here }) {
  const words = hit.regions.map((region) => region.words).find(Boolean);
  return html`<li>
    <a class="moment" href=${url(`/p/${pageKey(hit.document, hit.number)}`, keep)} title=${words} aria-current=${here ? "page" : null}>
      ${clock(hit.start)}
    </a>
  </li>`;
}

// Player: the original of a shot, from its time on, and the moments that a search found in it.
import { html, pageUrl, t, url, useEffect, useRef, useState } from "../core/app.js";
import { clock } from "../core/place.js";

/** Of a format that the browser does not play nothing is shown but the page. */
export function Player({ page, hits, keep }) {
  const video = useRef();
  const [first] = useState(page.start);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (video.current?.readyState) video.current.currentTime = page.start;
  }, [page.page]);
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
    <${Moments} hits=${hits} keep=${keep} here=${page.page} />
  </div>`;
}

/** Links to shots by their times, where there are several. */
export function Moments({ hits, keep, here }) {
  if (hits.length < 2) return null;
  return html`<ul class="moments" aria-label=${t("moments")}>
    ${[...hits]
      .sort((a, b) => a.start - b.start)
      .map(
        (hit) => html`<li key=${hit.page}>
          <a
            class="moment"
            href=${pageUrl(hit.page, keep)}
            title=${hit.regions.map((region) => region.words).find(Boolean)}
            aria-current=${hit.page === here ? "page" : null}
          >
            ${clock(hit.start)}
          </a>
        </li>`,
      )}
  </ul>`;
}

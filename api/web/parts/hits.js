// Hits: pages with the lines that match, and photos in a grid.
import { html } from "../core/html.js";
import { imageUrl } from "../core/api.js";
import { t } from "../core/i18n.js";
import { isShot, placeOf } from "../core/place.js";
import { url } from "../core/router.js";
import { Icon } from "./icons.js";
import { Moment } from "./player.js";

const LINES = 3;
const MARKS = /[^\p{L}\p{N}]+/u;

/** Text with the words of a query in <mark>. */
export function Marked({ text, q }) {
  const wanted = new Set(q.toLowerCase().split(MARKS).filter((word) => word.length > 1));
  return text.split(/(\s+)/).map((word) => {
    const bare = word.toLowerCase().split(MARKS).filter(Boolean);
    const hit = bare.some((part) => wanted.has(part) || [...wanted].some((w) => w.length > 3 && part.startsWith(w)));
    return hit ? html`<mark>${word}</mark>` : word;
  });
}

const byTime = (hits) => [...hits].sort((a, b) => a.start - b.start);
const address = (hit, q) => url(`/p/${hit.page}`, { q });

/** Hits with the others of the same recording as the `moments` of the best. */
export function groupShots(hits) {
  const rows = new Map();
  for (const hit of hits) {
    const key = isShot(hit) ? hit.document : hit.page;
    if (rows.has(key)) rows.get(key).moments.push(hit);
    else rows.set(key, { ...hit, moments: [hit] });
  }
  return [...rows.values()];
}

export function PageHits({ hits, q }) {
  return html`<ol class="page-hits">
    ${hits.map((hit) => {
      const lines = [...hit.regions].sort((a, b) => b.score - a.score).filter((region) => region.words);
      return html`<li key=${hit.page}>
        <a href=${address(hit, q)} data-hit>
          <span class="thumb">
            <img loading="lazy" src=${imageUrl(hit.page, 132, hit.revision)} width=${hit.width} height=${hit.height} alt="" />
            <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
              ${hit.regions.slice(0, LINES).map(
                ({ box: [left, top, right, bottom], words }, at) =>
                  html`<rect key=${at} class="mark ${words ? "quote" : "region"}" x=${left} y=${top} width=${right - left} height=${bottom - top} />`,
              )}
            </svg>
          </span>
          <span class="told">
            <b>${hit.name}</b>${" "}
            <small>${placeOf(hit)}</small>
            ${lines.slice(0, LINES).map((line, at) => html`<span key=${at} class="line"><${Marked} text=${line.words} q=${q} /></span>`)}
            ${!lines.length && hit.caption && html`<span class="line">${hit.caption}</span>`}
            ${hit.note && html`<em class="note">${hit.note}</em>`}
          </span>
        </a>
        ${hit.moments.length > 1 &&
        html`<ul class="moments" aria-label=${t("moments")}>
          ${byTime(hit.moments).map((one) => html`<${Moment} key=${one.page} hit=${one} keep=${{ q }} />`)}
        </ul>`}
      </li>`;
    })}
  </ol>`;
}

export function PhotoHits({ hits, q, onAdd }) {
  return html`<ul class="photo-grid">
    ${hits.map(
      (hit) => html`<li key=${hit.page} style=${{ "--ratio": (hit.width || 4) / (hit.height || 3) }}>
        <a href=${address(hit, q)} data-hit>
          <img
            loading="lazy"
            src=${imageUrl(hit.page, 320, hit.revision)}
            width=${hit.width}
            height=${hit.height}
            alt=${hit.kind === "image" ? hit.name : `${hit.name}, ${placeOf(hit)}`}
          />
        </a>
        <span class="caption">
          <small>${hit.name}</small>
          <button type="button" class="quiet" title=${t("moreLikeThis")} aria-label=${t("moreLike", hit.name)} onClick=${() => onAdd("like", hit.page)}>
            <${Icon} name="plus" />
          </button>
          <button type="button" class="quiet" title=${t("lessLikeThis")} aria-label=${t("lessLike", hit.name)} onClick=${() => onAdd("unlike", hit.page)}>
            <${Icon} name="minus" />
          </button>
        </span>
      </li>`,
    )}
  </ul>`;
}

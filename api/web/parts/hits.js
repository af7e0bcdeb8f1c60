// Hits: pages with the lines that match, and photos in a grid.
import { html, imageUrl, pageUrl, t } from "../core/app.js";
import { isShot, placeOf } from "../core/place.js";
import { IconButton } from "./basics.js";
import { Moments } from "./player.js";

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

const HitImage = ({ hit, width, alt = "" }) => html`<img
  loading="lazy"
  src=${imageUrl(hit.page, width, hit.revision)}
  width=${hit.width}
  height=${hit.height}
  alt=${alt}
/>`;

/** Pages with their names, for those that are near an answer. */
export const NearPages = ({ hits, q }) => html`<ul class="near">
  ${hits.map(
    (hit) => html`<li key=${hit.page}>
      <a href=${pageUrl(hit.page, { q })}>
        <${HitImage} hit=${hit} width="160" />
        <span>${hit.name} <small>${placeOf(hit)}</small></span>
      </a>
    </li>`,
  )}
</ul>`;

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
        <a href=${pageUrl(hit.page, { q })} data-hit>
          <span class="thumb">
            <${HitImage} hit=${hit} width="132" />
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
        <${Moments} hits=${hit.moments} keep=${{ q }} />
      </li>`;
    })}
  </ol>`;
}

export function PhotoHits({ hits, q, onAdd }) {
  return html`<ul class="photo-grid">
    ${hits.map(
      (hit) => html`<li key=${hit.page} style=${{ "--ratio": (hit.width || 4) / (hit.height || 3) }}>
        <a href=${pageUrl(hit.page, { q })} data-hit>
          <${HitImage} hit=${hit} width="320" alt=${hit.kind === "image" ? hit.name : `${hit.name}, ${placeOf(hit)}`} />
        </a>
        <span class="caption">
          <small>${hit.name}</small>
          <${IconButton} icon="plus" label=${t("moreLike", hit.name)} onClick=${() => onAdd("like", hit.page)} />
          <${IconButton} icon="minus" label=${t("lessLike", hit.name)} onClick=${() => onAdd("unlike", hit.page)} />
        </span>
      </li>`,
    )}
  </ul>`;
}

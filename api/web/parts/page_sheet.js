// A page: its image with an SVG overlay of boxes, and its words to select.
import { html, imageUrl, useMemo } from "../core/app.js";

let canvas;

/** Width of a text in a font of 1 px, to stretch a word over its box. */
function measure(text) {
  canvas ||= document.createElement("canvas").getContext("2d");
  canvas.font = "100px sans-serif";
  return canvas.measureText(text).width / 100;
}

/**
 * Marks are `{ box, kind, id, active }`, boxes as fractions of the page. `pixels` is the
 * width at which the image is asked for, in CSS pixels.
 */
export function PageSheet({ page, pixels = 900, marks = [], words, overlay, alt, onMark }) {
  const { width = 1, height = 1, revision } = page;
  return html`<div class="sheet" style=${{ aspectRatio: `${width} / ${height}` }}>
    <img
      src=${imageUrl(page.page, pixels, revision)}
      alt=${alt}
      width=${width}
      height=${height}
      draggable="false"
    />
    ${overlay && html`<img class="map" src=${overlay} alt="" />`}
    <svg
      class="marks"
      viewBox="0 0 ${width} ${height}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${marks.map(
        ({ box: [left, top, right, bottom], kind, id, active }, at) => html`<rect
          key=${at}
          class="mark ${kind} ${active ? "active" : ""}"
          data-id=${id}
          x=${left * width}
          y=${top * height}
          width=${(right - left) * width}
          height=${(bottom - top) * height}
          onClick=${() => onMark?.(id)}
        />`,
      )}
    </svg>
    ${words && html`<${WordLayer} words=${words} width=${width} height=${height} />`}
  </div>`;
}

/** Words that can be selected; more would hold the browser up. */
const MOST = 12_000;

function WordLayer({ words, width, height }) {
  const spans = useMemo(
    () =>
      words.slice(0, MOST).map(({ text, box: [left, top, right, bottom], block }, at) => {
        const size = (bottom - top) * height;
        const stretch = ((right - left) * width) / Math.max(measure(text) * size, 1e-6);
        const style = {
          left: `${left * 100}%`,
          top: `${top * 100}%`,
          fontSize: `calc(${(bottom - top) * 100} * var(--sheet-height) / 100)`,
          transform: `scaleX(${stretch})`,
        };
        const last = words[at + 1]?.block !== block;
        return html`<span key=${at} style=${style}>${text}${last ? "\n" : " "}</span>`;
      }),
    [words],
  );
  return html`<div class="words">${spans}</div>`;
}

// Cited page: the page of a citation, its boxes lit, with the way to its neighbours.
import { get, html, pageUrl, t, useData, useEffect, useRef } from "../core/app.js";
import { groundOf } from "../core/citations.js";
import { placeOf } from "../core/place.js";
import { IconButton, Trouble } from "./basics.js";
import { PageSheet } from "./page_sheet.js";

export function CitedPage({ one, all, lit, question, onStep, onChoose }) {
  const { citation, declined } = all.find(({ id }) => id === lit) || one;
  const ground = groundOf(citation, declined);
  const { data, problem } = useData((signal) => get(`/v1/pages/${citation.page}`, {}, signal), [citation.page]);
  const at = all.indexOf(one);
  const marks = all
    .filter((other) => other.citation.page === citation.page)
    .flatMap(({ id, citation: { boxes, ...rest }, declined }) =>
      boxes.map((box) => ({ box, id, kind: groundOf(rest, declined), active: id === (lit || one.id) })),
    );
  const sheet = useRef();
  useEffect(() => {
    // Bring the lit box into view, in the column of the page alone.
    const column = sheet.current?.closest(".beside");
    const mark = sheet.current?.querySelector(".mark.active");
    if (!mark || column.scrollHeight <= column.clientHeight) return;
    const [box, frame] = [mark.getBoundingClientRect(), column.getBoundingClientRect()];
    if (box.top < frame.top || box.bottom > frame.bottom) {
      column.scrollTop += box.top - frame.top - frame.height / 3;
    }
  }, [one.id, data?.page]);
  return html`<header>
      <div>
        <h2><a href=${pageUrl(citation.page, { q: question, quote: citation.quote })}>${citation.name}</a></h2>
        <p>
          ${placeOf(citation)}${" "}
          <em class="ground ${ground}">${t(`ground_${ground}`)}</em>
        </p>
      </div>
      <span class="group">
        <${IconButton} icon="left" label=${t("previousCitation")} disabled=${at <= 0} onClick=${() => onStep(-1)} />
        <span>${at + 1} / ${all.length}</span>
        <${IconButton} icon="right" label=${t("nextCitation")} disabled=${at >= all.length - 1} onClick=${() => onStep(1)} />
      </span>
    </header>
    ${citation.quote && html`<blockquote class=${ground}>${citation.quote}</blockquote>`}
    ${problem && html`<${Trouble} problem=${problem} />`}
    ${data?.page === citation.page &&
    html`<div ref=${sheet}>
      <${PageSheet}
        page=${data}
        marks=${marks}
        alt=${t("imageOfPage", citation.name, placeOf(citation))}
        onMark=${(id) => onChoose(all.find((other) => other.id === id))}
      />
    </div>`}`;
}

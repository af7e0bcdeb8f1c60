// Cited page: the page of a citation, its boxes lit, with the way to its neighbours.
import { html, useEffect, useRef } from "../core/html.js";
import { get } from "../core/api.js";
import { groundOf } from "../core/citations.js";
import { t } from "../core/i18n.js";
import { placeOf } from "../core/place.js";
import { url } from "../core/router.js";
import { useData } from "../core/use.js";
import { Icon } from "./icons.js";
import { PageSheet } from "./page_sheet.js";
import { Trouble } from "./problem.js";

export function CitedPage({ one, all, lit, question, onStep, onChoose }) {
  const { citation, declined } = all.find(({ id }) => id === lit) || one;
  const ground = groundOf(citation, declined);
  const { data, problem } = useData((signal) => get(`/v1/pages/${citation.page}`, {}, signal), [citation.page]);
  const at = all.indexOf(one);
  const marks = all
    .filter((other) => other.citation.page === citation.page)
    .flatMap((other) =>
      other.citation.boxes.map((box) => ({
        box,
        id: other.id,
        kind: groundOf(other.citation, other.declined),
        active: other.id === (lit || one.id),
      })),
    );
  const sheet = useRef();
  useEffect(() => {
    // Bring the lit box into view, in the column of the page alone.
    const column = sheet.current?.closest(".beside");
    const mark = sheet.current?.querySelector(".mark.active");
    if (!mark || !column || column.scrollHeight <= column.clientHeight) return;
    const [box, frame] = [mark.getBoundingClientRect(), column.getBoundingClientRect()];
    if (box.top < frame.top || box.bottom > frame.bottom) {
      column.scrollTop += box.top - frame.top - frame.height / 3;
    }
  }, [one.id, data?.page]);
  const shown = data?.page === citation.page ? data : null;
  return html`<header>
      <div>
        <h2><a href=${url(`/p/${citation.page}`, { q: question, quote: citation.quote })}>${citation.name}</a></h2>
        <p>
          ${placeOf(citation)}${" "}
          <em class="ground ${ground}">${t(`ground_${ground}`)}</em>
        </p>
      </div>
      <span class="stepper">
        <button type="button" class="quiet" disabled=${at <= 0} onClick=${() => onStep(-1)} aria-label=${t("previousCitation")}>
          <${Icon} name="left" />
        </button>
        <span>${at + 1} / ${all.length}</span>
        <button type="button" class="quiet" disabled=${at >= all.length - 1} onClick=${() => onStep(1)} aria-label=${t("nextCitation")}>
          <${Icon} name="right" />
        </button>
      </span>
    </header>
    ${citation.quote && html`<blockquote class=${ground}>${citation.quote}</blockquote>`}
    ${problem && html`<${Trouble} problem=${problem} />`}
    ${shown &&
    html`<div ref=${sheet}>
      <${PageSheet}
        page=${shown}
        marks=${marks}
        alt=${t("imageOfPage", citation.name, placeOf(citation))}
        onMark=${(id) => onChoose(all.find((other) => other.id === id))}
      />
    </div>`}`;
}

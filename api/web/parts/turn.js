// Turn of a conversation: the question, and the answer as it comes.
import { html } from "../core/html.js";
import { imageUrl } from "../core/api.js";
import { cutAtLabels, groundOf } from "../core/citations.js";
import { number, percent, t } from "../core/i18n.js";
import { placeOf } from "../core/place.js";
import { url } from "../core/router.js";
import { Trouble, Waiting } from "./problem.js";

export function Turn({ turn, at, busy, active, onHover, onChoose, onRetry }) {
  const { parts, numbered } = cutAtLabels(turn.text, turn.citations);
  const declined = turn.answer?.declined;
  const unchecked = turn.answer && !declined && !turn.answer.grounded;
  const open = numbered.length > 0 && (busy || turn.answer);
  return html`<article class="turn ${declined ? "declined" : ""}">
    ${at === 0 ? html`<h1>${turn.question}</h1>` : html`<h2>${turn.question}</h2>`}
    ${turn.problem && html`<${Trouble} problem=${turn.problem} retry=${onRetry} />`}
    ${!turn.text && busy && html`<${Waiting} text=${turn.hits.length ? t("readingPages") : t("lookingForPages")} />`}
    ${declined && html`<p class="verdict"><b>${t("declined")}</b> ${t("declinedWhy")}</p>`}
    ${unchecked && html`<p class="verdict"><b>${t("ungrounded")}</b> ${t("ungroundedWhy")}</p>`}
    <div class="text" aria-live="polite" aria-busy=${busy ? "true" : "false"}>
      ${parts.map((part, key) =>
        typeof part === "string"
          ? part
          : html`<${Chip}
              key=${key}
              n=${part.number}
              id=${`${at}.${part.number}`}
              citation=${part.citation}
              declined=${declined}
              active=${active === `${at}.${part.number}`}
              onHover=${onHover}
              onChoose=${onChoose}
            />`,
      )}
    </div>
    ${declined && turn.hits.length > 0 && html`<${Near} turn=${turn} />`}
    ${turn.stopped && html`<p class="note">${t("stopped")}</p>`}
    ${turn.answer?.note && html`<p class="note">${turn.answer.note}</p>`}
    ${open && html`<${Sources} declined=${declined} numbered=${numbered} at=${at} active=${active} onHover=${onHover} onChoose=${onChoose} />`}
    ${turn.answer && html`<${Cost} answer=${turn.answer} />`}
  </article>`;
}

function Chip({ n, id, citation, declined, active, onHover, onChoose }) {
  const ground = groundOf(citation, declined);
  const said = t("citationLabel", n, citation.name, placeOf(citation), t(`ground_${ground}`));
  return html`<button
    type="button"
    class="chip ${ground} ${active ? "active" : ""}"
    aria-label=${said}
    aria-pressed=${active ? "true" : "false"}
    title=${said}
    onMouseEnter=${() => onHover(id)}
    onMouseLeave=${() => onHover(null)}
    onFocus=${() => onHover(id)}
    onBlur=${() => onHover(null)}
    onClick=${() => onChoose(id)}
  >
    ${n}
  </button>`;
}

function Sources({ declined, numbered, at, active, onHover, onChoose }) {
  return html`<ol class="sources" aria-label=${t("sources")}>
    ${numbered.map((citation, index) => {
      const id = `${at}.${index + 1}`;
      const ground = groundOf(citation, declined);
      return html`<li key=${id} class=${active === id ? "active" : ""}>
        <button
          type="button"
          onMouseEnter=${() => onHover(id)}
          onMouseLeave=${() => onHover(null)}
          onClick=${() => onChoose(id)}
        >
          <i class="dot ${ground}" aria-hidden="true">${index + 1}</i>
          <span>
            <b>${citation.name}</b> <small>${placeOf(citation)}</small>${" "}
            <em class="ground ${ground}">${t(`ground_${ground}`)}</em>
          </span>
        </button>
      </li>`;
    })}
  </ol>`;
}

function Near({ turn }) {
  return html`<div class="nearby">
    <h2 class="minor">${t("nearestPages")}</h2>
    <ul class="strip">
      ${turn.hits.slice(0, 5).map(
        (hit) => html`<li key=${hit.page}>
          <a href=${url(`/p/${hit.page}`, { q: turn.question })} title=${hit.name}>
            <img src=${imageUrl(hit.page, 110, hit.revision)} width=${hit.width} height=${hit.height} alt="" />
            <small>${hit.name}, ${placeOf(hit)}</small>
          </a>
        </li>`,
      )}
    </ul>
  </div>`;
}

function Cost({ answer: { usage, confidence, support, grounded } }) {
  const tokens = usage.input_tokens + usage.output_tokens;
  const told = [
    t("answeredBy", usage.model),
    confidence !== null && t("confidence", percent(confidence)),
    grounded && t("support", percent(support)),
    tokens > 0 && t("tokens", number(usage.input_tokens), number(usage.output_tokens)),
    usage.cost !== null && usage.cost > 0 && t("cost", usage.cost.toFixed(4)),
  ];
  return html`<p class="cost">${told.filter(Boolean).join(" · ")}</p>`;
}

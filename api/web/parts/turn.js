// Turn of a conversation: the question, and the answer as it comes.
import { html, number, percent, t } from "../core/app.js";
import { placeOf } from "../core/place.js";
import { cutAtLabels, groundOf } from "../core/citations.js";
import { Trouble, Waiting } from "./basics.js";
import { NearPages } from "./hits.js";

export function Turn({ turn, at, busy, onRetry, ...links }) {
  const { parts, numbered } = cutAtLabels(turn.text, turn.citations);
  const { answer, question, hits } = turn;
  const declined = answer?.declined;
  const cited = numbered.map((citation, i) => ({
    citation, n: i + 1, id: `${at}.${i + 1}`, ground: groundOf(citation, declined),
  }));
  const verdict = (name) => html`<p class="verdict"><b>${t(name)}</b> ${t(`${name}Why`)}</p>`;
  return html`<article class="turn ${declined ? "declined" : ""}">
    ${at === 0 ? html`<h1>${question}</h1>` : html`<h2>${question}</h2>`}
    ${turn.problem && html`<${Trouble} problem=${turn.problem} retry=${onRetry} />`}
    ${!turn.text && busy && html`<${Waiting} text=${t(hits.length ? "readingPages" : "lookingForPages")} />`}
    ${declined && verdict("declined")} ${answer && !declined && !answer.grounded && verdict("ungrounded")}
    <div class="text" aria-live="polite" aria-busy=${`${busy}`}>
      ${parts.map((part, key) =>
        typeof part === "string" ? part : html`<${Chip} key=${key} one=${cited[part.number - 1]} ...${links} />`,
      )}
    </div>
    ${declined && hits.length > 0 && html`<h2 class="minor">${t("nearestPages")}</h2>
      <${NearPages} hits=${hits.slice(0, 5)} q=${question} />`}
    ${turn.stopped && html`<p class="note">${t("stopped")}</p>`}
    ${answer?.note && html`<p class="note">${answer.note}</p>`}
    ${cited.length > 0 && (busy || answer) && html`<${Sources} cited=${cited} ...${links} />`}
    ${answer && html`<${Cost} answer=${answer} />`}
  </article>`;
}

const label = ({ citation, ground, n }) =>
  t("citationLabel", n, citation.name, placeOf(citation), t(`ground_${ground}`));

/** What a button of a citation does: hovering lights its boxes, a click opens its page. */
const lights = (id, { onHover, onChoose }) => ({
  onMouseEnter: () => onHover(id),
  onMouseLeave: () => onHover(null),
  onFocus: () => onHover(id),
  onBlur: () => onHover(null),
  onClick: () => onChoose(id),
});

function Chip({ one, active, ...handlers }) {
  return html`<button
    class="chip ${one.ground} ${active === one.id ? "active" : ""}"
    aria-label=${label(one)}
    aria-pressed=${`${active === one.id}`}
    title=${label(one)}
    ...${lights(one.id, handlers)}
  >
    ${one.n}
  </button>`;
}

function Sources({ cited, active, ...handlers }) {
  return html`<ol class="sources" aria-label=${t("sources")}>
    ${cited.map(
      ({ id, n, ground, citation }) => html`<li key=${id} class=${active === id ? "active" : ""}>
        <button ...${lights(id, handlers)}>
          <i class="chip ${ground}" aria-hidden="true">${n}</i>
          <span>
            <b>${citation.name}</b> <small>${placeOf(citation)}</small>${" "}
            <em class="ground ${ground}">${t(`ground_${ground}`)}</em>
          </span>
        </button>
      </li>`,
    )}
  </ol>`;
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

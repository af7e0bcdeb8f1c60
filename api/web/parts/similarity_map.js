// Similarity map: where a page is like the question, word by word.
import { html } from "../core/html.js";
import { get } from "../core/api.js";
import { t } from "../core/i18n.js";
import { amend } from "../core/router.js";
import { useData } from "../core/use.js";
import { Icon } from "./icons.js";

export function SimilarityMap({ page, q, map }) {
  const { data } = useData(
    (signal) => (map === null ? Promise.resolve(null) : get(`/v1/pages/${page}/explanation`, { query: q }, signal)),
    [page, q, map === null],
  );
  const tokens = (data?.tokens || [])
    .map((token, at) => ({ ...token, at: String(at) }))
    .filter(({ word, weight }) => word && weight > 0);
  const toggle = (value) => amend({ map: map === value ? null : value });
  const button = (value, text, score) => html`<button
    key=${value}
    type="button"
    aria-pressed=${map === value ? "true" : "false"}
    onClick=${() => toggle(value)}
  >
    ${text} ${score !== undefined && html`<small>${score.toFixed(2)}</small>`}
  </button>`;
  return html`<div class="map-words" role="group" aria-label=${t("similarityMap")}>
    <span><${Icon} name="heat" /> ${t("similarityMap")}</span>
    ${button("all", t("wholeQuestion"), data?.score)} ${tokens.map(({ at, word, score }) => button(at, word, score))}
  </div>`;
}

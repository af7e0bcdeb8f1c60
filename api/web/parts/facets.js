// Facets: filters of a search, in the address. Documents are counted among the hits.
import { html } from "../core/html.js";
import { get, KINDS } from "../core/api.js";
import { number, t } from "../core/i18n.js";
import { amend } from "../core/router.js";
import { useData } from "../core/use.js";

const SHOWN = 12;
const DAYS = [1, 7, 30, 365];

const dayAgo = (days) => new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);

function count(hits, of) {
  const counts = new Map();
  for (const hit of hits) {
    const known = counts.get(of(hit)) || { hit, n: 0 };
    counts.set(of(hit), { ...known, n: known.n + 1 });
  }
  return [...counts.values()].sort((a, b) => b.n - a.n);
}

export function Facets({ wanted, hits }) {
  const { data } = useData((signal) => get("/v1/tags", {}, signal), []);
  const toggle = (name, value) => {
    const now = wanted[name];
    const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
    amend({ [name]: next }, { replace: false });
  };
  const documents = count(hits, (hit) => hit.document);
  const chosen = wanted.doc.filter((id) => !documents.some(({ hit }) => hit.document === id));
  const radio = (name, value, text) => html`<label key=${value}>
    <input
      type="radio"
      name=${name}
      checked=${(wanted[name] || "") === value}
      onChange=${() => amend({ [name]: value }, { replace: false })}
    />
    <span>${text}</span>
  </label>`;
  const box = (name, value, text, n) => html`<label key=${value}>
    <input type="checkbox" checked=${wanted[name].includes(value)} onChange=${() => toggle(name, value)} />
    <span>${text}</span>${n !== undefined && html`<small>${number(n)}</small>`}
  </label>`;
  return html`<aside class="facets" aria-label=${t("filters")}>
    <details open=${innerWidth > 760}>
      <summary>${t("filters")}</summary>
      <fieldset>
        <legend>${t("kind")}</legend>
        ${radio("kind", "", t("anyKind"))} ${KINDS.map((kind) => radio("kind", kind, t(`kind_${kind}`)))}
      </fieldset>
      ${(documents.length > 0 || chosen.length > 0) &&
      html`<fieldset>
        <legend>${t("documents")}</legend>
        ${chosen.map((id) => box("doc", id, id.slice(0, 8)))}
        ${documents.slice(0, SHOWN).map(({ hit, n }) => box("doc", hit.document, hit.name, n))}
      </fieldset>`}
      ${data?.tags.length > 0 &&
      html`<fieldset>
        <legend>${t("tags")}</legend>
        ${data.tags.slice(0, SHOWN * 2).map(({ tag, pages }) => box("tag", tag, tag, pages))}
      </fieldset>`}
      <fieldset>
        <legend>${t("added")}</legend>
        ${radio("since", "", t("anyTime"))}
        ${DAYS.map((days) => radio("since", dayAgo(days), t("lastDays", days)))}
      </fieldset>
    </details>
  </aside>`;
}

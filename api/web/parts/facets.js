// Facets: filters of a search, in the address. Documents are counted among the hits.
import { KINDS, amend, folderName, get, html, number, t, useData } from "../core/app.js";

const SHOWN = 12;
const DAYS = [1, 7, 30, 365];

const dayAgo = (days) => new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);

export function Facets({ wanted, hits }) {
  const { data } = useData((signal) => get("/v1/tags", {}, signal), []);
  const folders = useData((signal) => get("/v1/folders", {}, signal), []).data?.folders || [];
  const found = Map.groupBy(hits, (hit) => hit.document);
  const documents = [...found.values()].sort((a, b) => b.length - a.length);
  const chosen = wanted.doc.filter((id) => !found.has(id));
  const choice = (name, value, text, n) => {
    const now = wanted[name];
    const many = Array.isArray(now);
    const checked = many ? now.includes(value) : (now || "") === value;
    const next = !many ? value : checked ? now.filter((one) => one !== value) : [...now, value];
    return html`<label key=${value}>
      <input
        type=${many ? "checkbox" : "radio"}
        name=${name}
        checked=${checked}
        onChange=${() => amend({ [name]: next }, { push: true })}
      />
      <span>${text}</span>${n && html`<small>${number(n)}</small>`}
    </label>`;
  };
  const group = (legend, choices) =>
    choices.length > 0 && html`<fieldset><legend>${t(legend)}</legend>${choices}</fieldset>`;
  return html`<aside class="facets" aria-label=${t("filters")}>
    <details open=${innerWidth > 760}>
      <summary>${t("filters")}</summary>
      ${group("kind", [
        choice("kind", "", t("anyKind")),
        ...KINDS.map((kind) => choice("kind", kind, t(`kind_${kind}`))),
      ])}
      ${group("documents", [
        ...chosen.map((id) => choice("doc", id, id.slice(0, 8))),
        ...documents.slice(0, SHOWN).map((of) => choice("doc", of[0].document, of[0].name, of.length)),
      ])}
      ${group("folder", folders.length < 2 ? [] : [
        choice("folder", "", t("anyFolder")),
        ...folders.slice(0, SHOWN).map((one) => choice("folder", one.folder, folderName(one.folder), one.documents)),
      ])}
      ${group("tags", (data?.tags || []).slice(0, SHOWN * 2).map(({ tag, pages }) => choice("tag", tag, tag, pages)))}
      ${group("added", [
        choice("since", "", t("anyTime")),
        ...DAYS.map((days) => choice("since", dayAgo(days), t("lastDays", days))),
      ])}
    </details>
  </aside>`;
}

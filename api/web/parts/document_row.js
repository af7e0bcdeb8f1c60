// Row of a document: what it is, its tags and notes; rename, tags, download, remove.
import { html, useState } from "../core/html.js";
import { imageUrl, pageKey } from "../core/api.js";
import { bytes, day, t } from "../core/i18n.js";
import { url } from "../core/router.js";
import { Icon } from "./icons.js";

export function DocumentRow({ document, chosen, may, onChoose, onRemove, onEdit }) {
  const [editing, setEditing] = useState(null);
  const first = pageKey(document.document, 1);
  const title = document.title || document.name;
  const save = (event) => {
    event.preventDefault();
    const text = event.target.elements[0].value.trim();
    if (editing === "tags") {
      onEdit({ tags: text.split(",").map((tag) => tag.trim()).filter(Boolean) });
    } else if (text && text !== document.title) onEdit({ title: text });
    setEditing(null);
  };
  const tool = (icon, text, act) => html`<button
    type="button"
    class="quiet"
    title=${text}
    aria-label=${`${text}: ${title}`}
    onClick=${act}
  >
    <${Icon} name=${icon} />
  </button>`;
  return html`<li class="row ${chosen ? "chosen" : ""}">
    ${may &&
    html`<input
      type="checkbox"
      checked=${chosen}
      aria-label=${t("select", title)}
      onChange=${(event) => onChoose(event.target.checked)}
    />`}
    <a class="thumb" href=${url(`/p/${first}`)} tabindex="-1" aria-hidden="true">
      <img loading="lazy" src=${imageUrl(first, 48, document.revision)} alt="" />
    </a>
    <div class="told">
      ${editing
        ? html`<form onSubmit=${save}>
            <input
              ref=${(box) => box && !box.dataset.seen && ((box.dataset.seen = "1"), box.select())}
              defaultValue=${editing === "tags" ? document.tags.join(", ") : title}
              maxlength="500"
              aria-label=${editing === "tags" ? t("tagsOf", title) : t("titleOf", title)}
              placeholder=${editing === "tags" ? t("tagsPlaceholder") : ""}
              onKeyDown=${(event) => event.key === "Escape" && setEditing(null)}
            />
            <button class="main">${t("save")}</button>
          </form>`
        : html`<a class="title" href=${url(`/p/${first}`)}>${title}</a>
            <small>
              ${document.title && document.title !== document.name ? `${document.name} · ` : ""}${t("pages", document.pages)} ·
              ${" "}${bytes(document.bytes)} · ${day(document.added_at)}
              ${document.tags.map((tag) => html`${" "}<a key=${tag} class="tag" href=${url("/docs", { tag })}>${tag}</a>`)}
              ${document.notes.length > 0 &&
              html`${" "}<a
                class="tag warn"
                href=${url(`/p/${pageKey(document.document, document.notes[0].page)}`)}
                title=${document.notes.map((note) => `${note.page}: ${note.note}`).join("\n")}
              >
                ${t("pagesWithNotes", document.notes.length)}
              </a>`}
            </small>`}
    </div>
    <span class="tools">
      ${may && tool("edit", t("rename"), () => setEditing("title"))} ${may && tool("tag", t("editTags"), () => setEditing("tags"))}
      <a
        class="button quiet"
        href=${url(`/v1/documents/${document.document}/file`)}
        download=""
        title=${t("downloadOriginal")}
        aria-label=${`${t("downloadOriginal")}: ${title}`}
      >
        <${Icon} name="down" />
      </a>
      ${may && tool("trash", t("remove"), onRemove)}
    </span>
  </li>`;
}

// Row of a document: what it is, its tags and notes; rename, tags, download, remove.
import { bytes, day, html, imageUrl, instead, pageKey, pageUrl, t, url, useState } from "../core/app.js";
import { IconButton } from "./basics.js";

export function DocumentRow({ document, chosen, may, onChoose, onRemove, onEdit }) {
  const [editing, setEditing] = useState(null);
  const { name, tags, notes } = document;
  const title = document.title || name;
  const first = pageKey(document.document, 1);
  const save = ({ target }) => {
    const text = target.elements[0].value.trim();
    if (editing === "tags") {
      onEdit({ tags: text.split(",").map((tag) => tag.trim()).filter(Boolean) });
    } else if (text && text !== document.title) onEdit({ title: text });
    setEditing(null);
  };
  const tool = (icon, text, rest) =>
    html`<${IconButton} icon=${icon} label=${`${text}: ${title}`} title=${text} ...${rest} />`;
  return html`<li class="row ${chosen ? "chosen" : ""}">
    ${may &&
    html`<input
      type="checkbox"
      checked=${chosen}
      aria-label=${t("select", title)}
      onChange=${(event) => onChoose(event.target.checked)}
    />`}
    <a class="thumb" href=${pageUrl(first)} tabindex="-1" aria-hidden="true">
      <img loading="lazy" src=${imageUrl(first, 48, document.revision)} alt="" />
    </a>
    <div class="told">
      ${editing
        ? html`<form onSubmit=${instead(save)}>
            <input
              ref=${(box) => box && !box.dataset.seen && ((box.dataset.seen = "1"), box.select())}
              defaultValue=${editing === "tags" ? tags.join(", ") : title}
              maxlength="500"
              aria-label=${t(`${editing}Of`, title)}
              placeholder=${editing === "tags" ? t("tagsPlaceholder") : ""}
              onKeyDown=${(event) => event.key === "Escape" && setEditing(null)}
            />
            <button class="main">${t("save")}</button>
          </form>`
        : html`<a class="title" href=${pageUrl(first)}>${title}</a>
            <small>
              ${title !== name && `${name} · `}${t("pages", document.pages)} · ${bytes(document.bytes)} ·
              ${" "}${day(document.added_at)}
              ${tags.map((tag) => html`${" "}<a key=${tag} class="tag" href=${url("/docs", { tag })}>${tag}</a>`)}
              ${notes.length > 0 &&
              html`${" "}<a
                class="tag warn"
                href=${pageUrl(pageKey(document.document, notes[0].page))}
                title=${notes.map((note) => `${note.page}: ${note.note}`).join("\n")}
              >
                ${t("pagesWithNotes", notes.length)}
              </a>`}
            </small>`}
    </div>
    <span class="tools">
      ${may && tool("edit", t("rename"), { onClick: () => setEditing("title") })}
      ${may && tool("tag", t("tags"), { onClick: () => setEditing("tags") })}
      ${tool("down", t("downloadOriginal"), { href: url(`/v1/documents/${document.document}/file`), download: "" })}
      ${may && tool("trash", t("remove"), { onClick: onRemove })}
    </span>
  </li>`;
}

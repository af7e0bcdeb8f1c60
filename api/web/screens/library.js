// Library: documents sorted, filtered and edited; uploads with their progress.
import { KINDS, amend, folderName, get, html, request, t, useCallback, useData, useEffect, useMemo, useRef, useState, useTitle } from "../core/app.js";
import { addFiles, adoptJobs, useAdded } from "../core/uploads.js";
import { DocumentRow } from "../parts/document_row.js";
import { DropZone, useDrop } from "../parts/drop_zone.js";
import { Icon, Trouble, Waiting, complain, toast } from "../parts/basics.js";
import { UploadList } from "../parts/upload_list.js";
import { Windowed } from "../parts/windowed.js";

const LIMIT = 200;
// Ids in one address, which stays short enough for any proxy.
const AT_ONCE = 200;
const UNDO_SECONDS = 6;
const ROW = innerWidth < 760 ? 92 : 68;
const SORTS = ["added", "taken", "name", "pages", "bytes"].flatMap((name) => [
  [`-${name}`, `${t(`sort_${name}`)} ↓`],
  [name, `${t(`sort_${name}`)} ↑`],
]);

/** Documents of a list, loaded part by part as it is scrolled. */
function useDocuments(filters) {
  const [state, setState] = useState({ documents: [], loading: true });
  const wanted = JSON.stringify(filters);
  const latest = useRef({});
  const load = useCallback(
    async (cursor) => {
      const run = (latest.current = { wanted, cursor });
      try {
        const part = await get("/v1/documents", { ...filters, limit: LIMIT, cursor });
        if (latest.current !== run) return;
        setState((before) => ({
          documents: cursor ? [...before.documents, ...part.documents] : part.documents,
          count: part.count,
          cursor: part.next_cursor,
          loading: false,
        }));
      } catch (problem) {
        if (latest.current === run) setState((before) => ({ ...before, problem, loading: false }));
      }
    },
    [wanted],
  );
  const added = useAdded();
  useEffect(() => void load(), [load, added]);
  const more = useCallback(() => {
    if (state.cursor && latest.current.cursor !== state.cursor) load(state.cursor);
  }, [state.cursor, load]);
  const change = (next) => setState((before) => ({ ...before, documents: next(before.documents) }));
  return { ...state, more, reload: () => load(), change };
}

export default function Library({ route: { params }, session }) {
  useTitle(t("library"));
  const filters = {
    sort: params.get("sort") || "-added",
    q: params.get("q") || "",
    kind: params.get("kind") || "",
    tag: params.get("tag") || "",
    folder: params.get("folder") || "",
  };
  const list = useDocuments(filters);
  const tags = useData((signal) => get("/v1/tags", {}, signal), [list.count]);
  const folders = useData((signal) => get("/v1/folders", {}, signal), [list.count]);
  const [chosen, setChosen] = useState(new Set());
  const [removed, setRemoved] = useState(new Set());
  const may = session?.scopes.includes("write") ?? true;
  useEffect(() => {
    adoptJobs().catch(() => {});
  }, []);

  const shown = useMemo(
    () => list.documents.filter((document) => !removed.has(document.document)),
    [list.documents, removed],
  );
  const choose = (id, on) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const remove = (ids) => {
    setRemoved((before) => new Set([...before, ...ids]));
    setChosen(new Set());
    const back = () => setRemoved((before) => new Set([...before].filter((id) => !ids.includes(id))));
    const timer = setTimeout(async () => {
      try {
        for (let at = 0; at < ids.length; at += AT_ONCE) {
          const id = ids.slice(at, at + AT_ONCE);
          await request("DELETE", "/v1/documents", { params: { id } });
          list.change((documents) => documents.filter((one) => !id.includes(one.document)));
        }
      } catch (problem) {
        complain(problem);
      }
      back();
      list.reload();
    }, UNDO_SECONDS * 1000);
    const undo = () => (clearTimeout(timer), back());
    toast(t("removed", ids.length), { undo, seconds: UNDO_SECONDS });
  };
  const edit = async (id, fields) => {
    try {
      const document = await request("PATCH", `/v1/documents/${id}`, { json: fields });
      list.change((documents) => documents.map((one) => (one.document === id ? document : one)));
    } catch (problem) {
      complain(problem);
    }
  };
  const { over, ...handlers } = useDrop(may ? addFiles : () => {});
  const row = (at) => {
    const document = shown[at];
    return html`<${DocumentRow}
      key=${document.document}
      document=${document}
      chosen=${chosen.has(document.document)}
      may=${may}
      onChoose=${(on) => choose(document.document, on)}
      onRemove=${() => remove([document.document])}
      onEdit=${(fields) => edit(document.document, fields)}
    />`;
  };
  const hidden = list.documents.length - shown.length;
  return html`<div class="library ${over ? "over" : ""}" ...${handlers}>
    <div class="heading">
      <h1>${t("library")} <small>${list.count !== undefined && t("documentCount", list.count - hidden)}</small></h1>
    </div>
    ${may && html`<${DropZone} onFiles=${addFiles} />`}
    <${UploadList} />
    <${Filters} filters=${filters} tags=${tags.data?.tags || []} folders=${folders.data?.folders || []} />
    ${chosen.size > 0 &&
    html`<div class="bulk" role="region" aria-label=${t("selection")}>
      <b>${t("selected", chosen.size)}</b>
      <button onClick=${() => remove([...chosen])}><${Icon} name="trash" /> ${t("remove")}</button>
      <button class="quiet" onClick=${() => setChosen(new Set())}>${t("clearSelection")}</button>
    </div>`}
    ${list.problem && html`<${Trouble} problem=${list.problem} retry=${list.reload} />`}
    ${list.loading && !list.documents.length && html`<${Waiting} />`}
    ${!list.loading && !shown.length && html`<p class="lead">${filters.q || filters.kind || filters.tag || filters.folder ? t("nothingFound") : t("noDocuments")}</p>`}
    ${shown.length > 0 &&
    html`<${Windowed} class="rows" count=${shown.length} size=${ROW} row=${row} onEnd=${list.more} aria-label=${t("documents")} />`}
  </div>`;
}

function Filters({ filters, tags, folders }) {
  const timer = useRef();
  const later = ({ target }) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => amend({ q: target.value }), 200);
  };
  const choice = (name, label, options) => html`<select
    aria-label=${label}
    value=${filters[name]}
    onChange=${(event) => amend({ [name]: event.target.value })}
  >
    ${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
  </select>`;
  const used = tags.filter((tag) => tag.documents).map(({ tag }) => [tag, tag]);
  return html`<div class="filters" role="search">
    <input
      type="search"
      data-main-box
      key="q"
      defaultValue=${filters.q}
      aria-label=${t("filterDocuments")}
      placeholder=${t("filterDocuments")}
      onInput=${later}
    />
    ${choice("kind", t("kind"), [["", t("anyKind")], ...KINDS.map((kind) => [kind, t(`kind_${kind}`)])])}
    ${used.length > 0 && choice("tag", t("tags"), [["", t("anyTag")], ...used])}
    ${folders.length > 1 &&
    choice("folder", t("folder"), [["", t("anyFolder")], ...folders.map(({ folder }) => [folder, folderName(folder)])])}
    ${choice("sort", t("sortBy"), SORTS)}
  </div>`;
}

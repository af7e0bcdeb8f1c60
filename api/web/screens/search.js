// Search: pages with their matched lines, or photos in a grid; facets; parts that compose.
import { html, useEffect, useRef, useState } from "../core/html.js";
import { post, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { imageOf, keepPicture, pictureFile, pictureUrl } from "../core/picture.js";
import { amend, go, url } from "../core/router.js";
import { useData, useKeys, useTitle } from "../core/use.js";
import { Facets } from "../parts/facets.js";
import { groupShots, PageHits, PhotoHits } from "../parts/hits.js";
import { Icon } from "../parts/icons.js";
import { Trouble, Waiting } from "../parts/problem.js";
import { toast } from "../parts/toast.js";

const TOP = 48;
const PARTS = ["text", "like", "minus", "unlike"];

/** State of a search, from the address. */
function read(params) {
  return {
    q: params.get("q") || "",
    photos: params.get("photos") === "1",
    image: params.get("image"),
    doc: params.getAll("doc"),
    tag: params.getAll("tag"),
    kind: params.get("kind"),
    since: params.get("since"),
    ...Object.fromEntries(PARTS.map((name) => [name, params.getAll(name)])),
  };
}

async function find(wanted, signal) {
  const { q, photos, image, doc, tag, kind, since } = wanted;
  const composed = image || PARTS.some((name) => wanted[name].length);
  if (!q && !composed) return null;
  if (!composed) {
    const body = { query: q, top: TOP, images: photos, tags: tag };
    if (doc.length) body.documents = doc;
    if (kind) body.kind = kind;
    if (since) body.since = since;
    return post("/v1/search", body, signal);
  }
  const form = new FormData();
  if (image) {
    const file = pictureFile(image);
    if (!file) throw Object.assign(new Error(t("pictureGone")), { hint: t("pictureGoneHint") });
    form.append("file", file);
  }
  if (q) form.append("text", q);
  for (const name of PARTS) for (const value of wanted[name]) form.append(name, value);
  for (const id of doc) form.append("documents", id);
  for (const one of tag) form.append("tags", one);
  if (kind) form.append("kind", kind);
  if (since) form.append("since", since);
  form.append("top", TOP);
  return request("POST", "/v1/search/image", { form, signal });
}

export default function Search({ route: { params } }) {
  const wanted = read(params);
  const photos = wanted.photos || wanted.image || PARTS.some((name) => wanted[name].length);
  const { data, problem, loading } = useData((signal) => find(wanted, signal), [params.toString()]);
  const [at, setAt] = useState(-1);
  const list = useRef();
  useTitle(wanted.q || t("search"));
  useEffect(() => setAt(-1), [params.toString()]);

  const found = data?.hits || [];
  const hits = photos ? found : groupShots(found);
  const move = (by) => {
    const next = Math.max(0, Math.min(hits.length - 1, at + by));
    setAt(next);
    list.current?.querySelectorAll("[data-hit]")[next]?.focus();
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    o: () => at >= 0 && go(url(`/p/${hits[at].page}`, { q: wanted.q })),
    Escape: () => document.activeElement?.blur(),
  });
  const drop = async (event) => {
    const picture = imageOf(event.dataTransfer || event.clipboardData);
    if (!picture) return;
    event.preventDefault();
    try {
      amend({ image: await keepPicture(picture), photos: 1 }, { replace: false });
    } catch {
      toast(t("noPicture"), { bad: true });
    }
  };
  return html`<div class="search-screen" onDrop=${drop} onPaste=${drop} onDragOver=${(event) => event.preventDefault()}>
    <${Facets} wanted=${wanted} hits=${found} />
    <section ref=${list} class="results" aria-busy=${loading ? "true" : "false"}>
      <div class="heading">
        <h1>${wanted.q || (photos ? t("photos") : t("search"))}</h1>
        <${Modes} photos=${photos} q=${wanted.q} />
      </div>
      ${photos && html`<${Parts} wanted=${wanted} />`}
      ${problem && html`<${Trouble} problem=${problem} />`}
      ${!data && loading && html`<${Waiting} />`}
      ${!wanted.q && !photos && html`<p class="lead">${t("searchLead")}</p>`}
      ${data && !hits.length && html`<p class="lead">${t("nothingFound")}</p>`}
      ${hits.length > 0 && html`<p class="count" role="status">${t("hits", found.length)}</p>`}
      ${hits.length > 0 &&
      (photos
        ? html`<${PhotoHits} hits=${hits} q=${wanted.q} onAdd=${(name, key) => add(wanted, name, key)} />`
        : html`<${PageHits} hits=${hits} q=${wanted.q} />`)}
    </section>
  </div>`;
}

function add(wanted, name, value) {
  if (!wanted[name].includes(value)) {
    amend({ photos: 1, [name]: [...wanted[name], value] }, { replace: false });
  }
}

function Modes({ photos, q }) {
  const change = (mode) => amend({ photos: mode ? 1 : null, image: null, text: null, like: null, minus: null, unlike: null }, { replace: false });
  return html`<span class="modes" role="group" aria-label=${t("whatToFind")}>
    <button type="button" aria-pressed=${photos ? "false" : "true"} onClick=${() => change(false)}>${t("pagesMode")}</button>
    <button type="button" aria-pressed=${photos ? "true" : "false"} onClick=${() => change(true)}>${t("photos")}</button>
    ${q && html`<a class="button" href=${url("/ask", { q })}><${Icon} name="ask" /> ${t("askThis")}</a>`}
  </span>`;
}

function Parts({ wanted }) {
  const box = useRef();
  const without = (name, value) =>
    amend({ [name]: name === "image" || name === "q" ? null : wanted[name].filter((one) => one !== value) }, { replace: false });
  const chip = (name, value, sign, shown) => html`<li key=${name + value} class="part ${sign === "−" ? "minus" : ""}">
    <b aria-label=${sign === "+" ? t("more") : t("less")}>${sign}</b>${shown}
    <button type="button" class="quiet" aria-label=${t("removePart")} onClick=${() => without(name, value)}><${Icon} name="close" /></button>
  </li>`;
  const thumb = (key) => html`<img src=${url(`/v1/pages/${key}/image`, { width: 64 })} alt=${t("picture")} />`;
  const submit = (sign) => {
    const value = box.current.value.trim();
    if (!value) return box.current.focus();
    add(wanted, sign === "+" ? "text" : "minus", value);
    box.current.value = "";
    return undefined;
  };
  return html`<div class="parts">
    <ul aria-label=${t("parts")}>
      ${wanted.image && chip("image", "", "+", html`<img src=${pictureUrl(wanted.image)} alt=${t("yourPicture")} />`)}
      ${wanted.q && chip("q", "", "+", wanted.q)}
      ${wanted.text.map((value) => chip("text", value, "+", value))}
      ${wanted.like.map((key) => chip("like", key, "+", thumb(key)))}
      ${wanted.minus.map((value) => chip("minus", value, "−", value))}
      ${wanted.unlike.map((key) => chip("unlike", key, "−", thumb(key)))}
    </ul>
    <form onSubmit=${(event) => (event.preventDefault(), submit("+"))}>
      <input ref=${box} aria-label=${t("addPart")} placeholder=${t("addPart")} />
      <button class="quiet" aria-label=${t("more")} title=${t("more")}><${Icon} name="plus" /></button>
      <button type="button" class="quiet" aria-label=${t("less")} title=${t("less")} onClick=${() => submit("−")}><${Icon} name="minus" /></button>
    </form>
  </div>`;
}

// Search: pages with their matched lines, or photos in a grid; facets; parts that compose.
import { amend, go, html, imageUrl, instead, pageUrl, post, request, t, url, useData, useEffect, useKeys, useRef, useState, useTitle } from "../core/app.js";
import { Facets } from "../parts/facets.js";
import { groupShots, PageHits, PhotoHits } from "../parts/hits.js";
import { Icon, IconButton, Trouble, Waiting } from "../parts/basics.js";
import { pictureFile, pictureUrl, takePicture } from "../parts/picture.js";

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
    folder: params.get("folder"),
    since: params.get("since"),
    ...Object.fromEntries(PARTS.map((name) => [name, params.getAll(name)])),
  };
}

async function find(wanted, signal) {
  const { q, photos, image, doc, tag, kind, folder, since } = wanted;
  const filters = { documents: doc, tags: tag, kind, folder, since, top: TOP };
  const parts = Object.fromEntries(PARTS.map((name) => [name, wanted[name]]));
  if (!image && !PARTS.some((name) => wanted[name].length)) {
    if (!q) return null;
    if (!doc.length) delete filters.documents;
    return post("/v1/search", { query: q, images: photos, ...filters }, signal);
  }
  const form = new FormData();
  if (image) {
    const file = pictureFile(image);
    if (!file) throw new Error(t("pictureGone"));
    form.append("file", file);
  }
  for (const [name, values] of Object.entries({ ...filters, ...parts, text: [q, ...parts.text] })) {
    for (const value of [values].flat()) if (value) form.append(name, value);
  }
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
    o: () => at >= 0 && go(pageUrl(hits[at].page, { q: wanted.q })),
    Escape: () => document.activeElement?.blur(),
  });
  const take = async (event) => {
    const image = await takePicture(event);
    if (image) amend({ image, photos: 1 }, { push: true });
  };
  return html`<div class="search-screen" onDrop=${take} onPaste=${take}>
    <${Facets} wanted=${wanted} hits=${found} />
    <section ref=${list} class="results" aria-busy=${`${loading}`}>
      <div class="heading">
        <h1>${wanted.q || (photos ? t("photos") : t("search"))}</h1>
        <${Modes} photos=${photos} q=${wanted.q} />
      </div>
      ${photos && html`<${Parts} wanted=${wanted} />`}
      ${problem && html`<${Trouble} problem=${problem} />`}
      ${!data && loading && html`<${Waiting} />`}
      ${!wanted.q && !photos && html`<p class="lead">${t("searchLead")}</p>`}
      ${data && !hits.length && html`<p class="lead">${t("nothingFound")}</p>`}
      ${data?.partial?.length > 0 && html`<p class="note" role="status">${t("partial", data.partial.join(", "))}</p>`}
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
    amend({ photos: 1, [name]: [...wanted[name], value] }, { push: true });
  }
}

function Modes({ photos, q }) {
  const none = Object.fromEntries(["image", ...PARTS].map((name) => [name, null]));
  const mode = (on, text) => html`<button
    aria-pressed=${`${on === !!photos}`}
    onClick=${() => amend({ ...none, photos: on ? 1 : null }, { push: true })}
  >
    ${text}
  </button>`;
  return html`<span class="group" role="group" aria-label=${t("whatToFind")}>
    ${mode(false, t("pagesTitle"))} ${mode(true, t("photos"))}
    ${q && html`<a class="button" href=${url("/ask", { q })}><${Icon} name="ask" /> ${t("askThis")}</a>`}
  </span>`;
}

/** Parts of a composed search, with a box that adds one. */
function Parts({ wanted }) {
  const box = useRef();
  const without = (name, value) => {
    const rest = [wanted[name]].flat().filter((one) => one !== value);
    amend({ [name]: rest }, { push: true });
  };
  const chip = (name, value) => {
    const minus = name === "minus" || name === "unlike";
    const source = name === "image" ? pictureUrl(value) : name.endsWith("like") && imageUrl(value, 64);
    return html`<li key=${name + value} class="part ${minus ? "minus" : ""}">
      <b aria-label=${minus ? t("less") : t("more")}>${minus ? "−" : "+"}</b>
      ${source ? html`<img src=${source} alt=${t("picture")} />` : value}
      <${IconButton} icon="close" label=${t("removePart")} onClick=${() => without(name, value)} />
    </li>`;
  };
  const submit = (name) => {
    const value = box.current.value.trim();
    if (!value) return box.current.focus();
    box.current.value = "";
    return add(wanted, name, value);
  };
  return html`<div class="parts">
    <ul aria-label=${t("parts")}>
      ${["image", "q", ...PARTS].map((name) => [wanted[name] || []].flat().map((value) => chip(name, value)))}
    </ul>
    <form onSubmit=${instead(() => submit("text"))}>
      <input ref=${box} aria-label=${t("addPart")} placeholder=${t("addPart")} />
      <${IconButton} icon="plus" label=${t("more")} type="submit" />
      <${IconButton} icon="minus" label=${t("less")} onClick=${() => submit("minus")} />
    </form>
  </div>`;
}

// Page viewer: zoom, rotation, filmstrip, words to select, find, similarity map.
import { amend, get, go, html, pageKey, pageUrl, post, t, url, useData, useEffect, useKeys, useMemo, useState, useTitle, useWidth } from "../core/app.js";
import { findWords } from "../core/find_words.js";
import { isShot, placeOf } from "../core/place.js";
import { Filmstrip } from "../parts/filmstrip.js";
import { PageSheet } from "../parts/page_sheet.js";
import { Player } from "../parts/player.js";
import { Trouble, Waiting } from "../parts/basics.js";
import { SimilarityMap, ViewerTools } from "../parts/viewer_tools.js";

const STEPS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];

export default function Viewer({ route: { path, params } }) {
  const key = path.slice("/p/".length);
  const { data: page, problem } = useData((signal) => get(`/v1/pages/${key}`, {}, signal), [key]);
  const [stage, room] = useWidth();
  const q = params.get("q") || "";
  const quote = params.get("quote") || "";
  const zoom = params.get("z") || "fit";
  const turned = Number(params.get("turn") || 0);
  const find = params.get("find") || "";
  const map = params.get("map");
  const keep = { q, z: params.get("z") };
  const [at, setAt] = useState(0);
  useTitle(page ? `${page.name}, ${placeOf(page)}` : "");

  const id = key.slice(0, key.lastIndexOf("-"));
  const found = useData(
    async (signal) => q && post("/v1/search", { query: q, documents: [id], top: 100 }, signal),
    [q, id],
  );
  const hits = found.data?.hits || [];
  const places = useMemo(() => (page ? findWords(page.words, find) : []), [page, find]);
  const quoted = useMemo(() => (page && quote ? findWords(page.words, quote)[0] || [] : []), [page, quote]);
  useEffect(() => setAt(0), [find, key]);

  const move = (by) => {
    const number = page && page.number + by;
    if (!page || number < 1 || number > page.pages) return false;
    return go(pageUrl(pageKey(page.document, number), { ...keep, find, map }));
  };
  const [back, on] = [() => move(-1), () => move(1)];
  const size = fit(page, zoom, room, turned);
  const step = (by) => {
    const next = STEPS[Math.max(0, Math.min(STEPS.length - 1, nearest(size.scale) + by))];
    amend({ z: next });
  };
  const turn = () => amend({ turn: (turned + 90) % 360 || null });
  useKeys({
    "[": back,
    "]": on,
    ArrowLeft: back,
    ArrowRight: on,
    k: back,
    j: on,
    "+": () => step(1),
    "=": () => step(1),
    "-": () => step(-1),
    0: () => amend({ z: null }),
    r: turn,
    Escape: () => amend({ find: null, map: null }),
  });

  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (!page || page.page !== key) return html`<${Waiting} />`;
  const hit = hits.find((one) => one.page === key);
  const marks = find
    ? places.flatMap((boxes, n) => boxes.map((box) => ({ box, kind: "find", id: n, active: n === at })))
    : quoted.length
      ? quoted.map((box) => ({ box, kind: "quote", active: true }))
      : (hit?.regions || []).map(({ box, words }) => ({ box, kind: words ? "quote" : "region" }));
  const overlay = q && map !== null ? url(`/v1/pages/${key}/map`, { query: q, sheet: "false", token: map === "all" ? null : map }) : null;
  return html`<div class="viewer">
    <${Filmstrip} page=${page} hits=${hits} keep=${keep} />
    <section class="stage-column">
      <${ViewerTools}
        page=${page}
        q=${q}
        find=${find}
        places=${places.length}
        at=${at}
        scale=${size.scale}
        onFind=${(text) => amend({ find: text || null })}
        onPlace=${(by) => places.length && setAt((at + by + places.length) % places.length)}
        onMove=${move}
        onZoom=${step}
        onTurn=${turn}
      />
      ${isShot(page) && html`<${Player} key=${page.document} page=${page} hits=${hits} keep=${{ q }} />`}
      <div class="stage" ref=${stage} role="region" aria-label=${placeOf(page)} tabindex="0">
        <div class="turntable" style=${{ width: `${size.outer[0]}px`, height: `${size.outer[1]}px` }}>
          <div
            class="turned"
            style=${{
              width: `${size.inner[0]}px`,
              height: `${size.inner[1]}px`,
              "--sheet-height": `${size.inner[1]}px`,
              transform: `translate(-50%, -50%) rotate(${turned}deg)`,
            }}
          >
            <${PageSheet}
              page=${page}
              pixels=${size.scale > 1 ? 2000 : 1000}
              marks=${overlay ? [] : marks}
              words=${page.words}
              overlay=${overlay}
              alt=${t("imageOfPage", page.name, placeOf(page))}
            />
          </div>
        </div>
      </div>
      ${page.note && html`<p class="note">${page.note}</p>`}
      ${page.captions.map((caption, n) => html`<p key=${n}><b>${t("caption")}</b> ${caption.text} <small>${caption.model}</small></p>`)}
      ${q && html`<${SimilarityMap} page=${key} q=${q} map=${map} />`}
    </section>
  </div>`;
}

const nearest = (scale) =>
  STEPS.reduce((best, step, at) => (Math.abs(step - scale) < Math.abs(STEPS[best] - scale) ? at : best), 0);

/** Sizes in CSS pixels: of the page, and of the room that it takes once it is turned. */
function fit(page, zoom, room, turned) {
  if (!page) return { scale: 1, inner: [0, 0], outer: [0, 0] };
  const on_side = turned % 180 !== 0;
  const natural = 900;
  const height = (natural * page.height) / page.width;
  const across = on_side ? height : natural;
  const down = on_side ? natural : height;
  const tall = Math.max(innerHeight - 190, 320);
  const fitting = Math.min((room || natural) / across, Math.max(tall / down, 0.75), 1.6);
  const scale = zoom === "fit" ? Math.min(fitting, (room || natural) / across) : Number(zoom) || 1;
  return {
    scale,
    inner: [natural * scale, height * scale],
    outer: [across * scale, down * scale],
  };
}

// Addresses: every state of a screen is in the URL, so that back and reload work.
import { useEffect, useState } from "./html.js";

const base = new URL(document.baseURI).pathname;
const listeners = new Set();

/** URL of a path of the app, with query parameters; null and "" are left out. */
export function url(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "" && one !== false) query.append(name, one);
    }
  }
  const text = query.toString();
  return base + path.replace(/^\//, "") + (text ? `?${text}` : "");
}

export function here() {
  return {
    path: "/" + location.pathname.slice(base.length),
    params: new URLSearchParams(location.search),
  };
}

export function go(to, { replace = false } = {}) {
  const before = location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  if (location.pathname !== before) scrollTo(0, 0);
  tell();
}

/** Change query parameters of the present address. */
export function amend(changes, { replace = true } = {}) {
  const { path, params } = here();
  const kept = {};
  for (const name of new Set(params.keys())) kept[name] = params.getAll(name);
  go(url(path, { ...kept, ...changes }), { replace });
}

export function useRoute() {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    const look = () => setRoute(here());
    listeners.add(look);
    return () => listeners.delete(look);
  }, []);
  return route;
}

function tell() {
  for (const listener of [...listeners]) listener();
}

/** Let links within the app change the screen without loading a page. */
export function catchLinks() {
  addEventListener("popstate", tell);
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = !event.defaultPrevented && event.button === 0;
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!link || !plain || modified || link.target || link.hasAttribute("download")) return;
    const to = new URL(link.href);
    if (to.origin !== location.origin || !to.pathname.startsWith(base)) return;
    if (to.pathname.startsWith(`${base}v1/`)) return;
    event.preventDefault();
    go(to.pathname + to.search);
  });
}

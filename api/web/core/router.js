// Addresses: every state of a screen is in the URL, so that back and reload work.
import { store } from "./html.js";

const base = new URL(document.baseURI).pathname;

export const here = () => ({
  path: "/" + location.pathname.slice(base.length),
  params: new URLSearchParams(location.search),
});

const route = store(here());
const look = () => route.set(here());
export const useRoute = route.use;

/** URL of a path of the app, with query parameters; null and "" are left out. */
export function url(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined && one !== "" && one !== false) query.append(name, one);
    }
  }
  return base + path.slice(1) + (query.size ? `?${query}` : "");
}

/** Address of a page in the viewer. */
export const pageUrl = (page, params) => url(`/p/${page}`, params);

export function go(to, { replace = false } = {}) {
  const before = location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  if (location.pathname !== before) scrollTo(0, 0);
  look();
}

/** Change query parameters of the present address; `push` makes a step to come back from. */
export function amend(changes, { push = false } = {}) {
  const { path, params } = here();
  const kept = Object.fromEntries([...params.keys()].map((name) => [name, params.getAll(name)]));
  go(url(path, { ...kept, ...changes }), { replace: !push });
}

/** Let links within the app change the screen without loading a page. */
export function catchLinks() {
  addEventListener("popstate", look);
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

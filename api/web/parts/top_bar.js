// Top bar: the app's name, a search box, and the ways to the screens.
import { go, html, instead, request, switchLanguage, t, url, useKeys, useRef, useRoute } from "../core/app.js";
import { useUploads } from "../core/uploads.js";
import { Icon, IconButton } from "./basics.js";

function switchTheme() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme || (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  localStorage.setItem("pageglass.theme", root.dataset.theme);
}

async function signOut() {
  await request("DELETE", "/v1/session");
  go(url("/signin"));
}

export function TopBar({ session }) {
  const { path, params } = useRoute();
  const box = useRef();
  const running = useUploads().filter((item) => !item.ended).length;
  useKeys({
    "/": () => {
      (document.querySelector("[data-main-box]") || box.current)?.focus();
    },
  });

  const submit = (path) => {
    const q = box.current.value.trim();
    if (q) go(url(path, { q }));
  };
  const link = (to, icon, text, badge) => html`<a
    href=${url(to)}
    aria-current=${path === to ? "page" : null}
    title=${text}
  >
    <${Icon} name=${icon} /><span>${text}</span>${badge}
  </a>`;

  return html`<header class="top">
    <a class="brand" href=${url("/")}><b>page</b>glass</a>
    ${!["/", "/ask", "/signin"].includes(path) &&
    html`<form role="search" class="small-box" onSubmit=${instead(() => submit("/search"))}>
      <input
        ref=${box}
        type="search"
        name="q"
        key=${params.get("q")}
        defaultValue=${params.get("q") || ""}
        aria-label=${t("searchOrAsk")}
        placeholder=${t("searchOrAsk")}
      />
      <${IconButton} icon="search" label=${t("search")} type="submit" />
      <${IconButton} icon="ask" label=${t("ask")} onClick=${() => submit("/ask")} />
    </form>`}
    <nav aria-label=${t("screens")}>
      ${link("/docs", "library", t("library"), running > 0 && html`<i class="badge">${running}</i>`)}
      ${link("/status", "status", t("status"))}
    </nav>
    <${IconButton} icon="moon" label=${t("theme")} onClick=${switchTheme} />
    <button class="quiet" onClick=${switchLanguage} lang=${t("otherLanguageCode")}>
      ${t("otherLanguage")}
    </button>
    ${session?.signed_in &&
    html`<button class="quiet" onClick=${signOut}>${t("signOut")}</button>`}
  </header>`;
}

const KEYS = [
  ["/", "keyBox"],
  ["j  k", "keyNext"],
  ["o  ↵", "keyOpen"],
  ["←  →", "keyCitation"],
  ["[  ]", "keyPage"],
  ["+  −  0", "keyZoom"],
  ["Esc", "keyClose"],
  ["?", "keyHelp"],
];

/** Keys: what each does, in a dialog. */
export function Help() {
  const dialog = useRef();
  useKeys({ "?": () => dialog.current.showModal() });
  return html`<dialog ref=${dialog} class="help" aria-labelledby="help-title">
    <h2 id="help-title">${t("keys")}</h2>
    <dl>
      ${KEYS.map(([keys, text]) => html`<dt><kbd>${keys}</kbd></dt><dd>${t(text)}</dd>`)}
    </dl>
    <form method="dialog"><button>${t("close")}</button></form>
  </dialog>`;
}

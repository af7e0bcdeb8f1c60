// Top bar: the app's name, a search box, and the ways to the screens.
import { html, useRef, useState } from "../core/html.js";
import { request } from "../core/api.js";
import { switchLanguage, t } from "../core/i18n.js";
import { go, url, useRoute } from "../core/router.js";
import { useUploads } from "../core/uploads.js";
import { useKeys } from "../core/use.js";
import { Icon } from "./icons.js";

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
  const [asking, setAsking] = useState(false);
  useKeys({
    "/": () => {
      const own = document.querySelector("[data-main-box]");
      (own || box.current)?.focus();
    },
  });

  const submit = (event) => {
    event.preventDefault();
    const q = box.current.value.trim();
    if (q) go(url(asking ? "/ask" : "/search", { q }));
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
    ${path !== "/" &&
    path !== "/ask" &&
    path !== "/signin" &&
    html`<form role="search" class="small-box" onSubmit=${submit}>
      <input
        ref=${box}
        type="search"
        name="q"
        key=${params.get("q")}
        defaultValue=${params.get("q") || ""}
        aria-label=${t("searchOrAsk")}
        placeholder=${t("searchOrAsk")}
      />
      <button class="quiet" aria-label=${t("search")} title=${t("search")} onClick=${() => setAsking(false)}>
        <${Icon} name="search" />
      </button>
      <button class="quiet" aria-label=${t("ask")} title=${t("ask")} onClick=${() => setAsking(true)}>
        <${Icon} name="ask" />
      </button>
    </form>`}
    <nav aria-label=${t("screens")}>
      ${link("/docs", "library", t("library"), running > 0 && html`<i class="badge">${running}</i>`)}
      ${link("/status", "status", t("status"))}
    </nav>
    <button class="quiet" type="button" onClick=${switchTheme} aria-label=${t("theme")} title=${t("theme")}>
      <${Icon} name="moon" />
    </button>
    <button class="quiet" type="button" onClick=${switchLanguage} lang=${t("otherLanguageCode")}>
      ${t("otherLanguage")}
    </button>
    ${session?.signed_in &&
    html`<button class="quiet" type="button" onClick=${signOut}>${t("signOut")}</button>`}
  </header>`;
}

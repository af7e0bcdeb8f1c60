// Start: session, screen by address, keys, drops.
import { catchLinks, get, html, render, t, useEffect, useRef, useRoute, useState } from "./core/app.js";
import { Toasts, Trouble } from "./parts/basics.js";
import { Help, TopBar } from "./parts/top_bar.js";
import { Home } from "./screens/home.js";

const SCREENS = {
  "/ask": () => import("./screens/ask.js"),
  "/search": () => import("./screens/search.js"),
  "/docs": () => import("./screens/library.js"),
  "/status": () => import("./screens/status.js"),
  "/signin": () => import("./screens/signin.js"),
  "/p": () => import("./screens/viewer.js"),
};

function useScreen(path) {
  const [screens, setScreens] = useState({ "/": Home });
  const name = path.startsWith("/p/") ? "/p" : path;
  useEffect(() => {
    SCREENS[name]?.().then(({ default: Screen }) =>
      setScreens((before) => ({ ...before, [name]: Screen })),
    );
  }, [name]);
  return screens[name];
}

function App() {
  const route = useRoute();
  const Screen = useScreen(route.path);
  const main = useRef();
  const [session, setSession] = useState();
  const [problem, setProblem] = useState();
  useEffect(() => {
    get("/v1/session").then(setSession, setProblem);
  }, [route.path === "/signin"]);
  useEffect(() => {
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [route.path]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>
      ${t("skip")}
    </a>
    <${TopBar} session=${session} />
    <main id="main" ref=${main} tabindex="-1">
      ${problem && html`<${Trouble} problem=${problem} retry=${() => location.reload()} />`}
      ${Screen && html`<${Screen} route=${route} session=${session} />`}
    </main>
    <${Toasts} />
    <${Help} />
  `;
}

// A file dropped beside a drop zone must not replace the app.
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => event.preventDefault());
}
catchLinks();
render(html`<${App} />`, document.getElementById("app"));

// Sign-in with a token; the server keeps the session in a cookie that scripts cannot read.
import { go, html, request, t, url, useRef, useState, useTitle } from "../core/app.js";

export default function SignIn({ route: { params } }) {
  useTitle(t("signIn"));
  const box = useRef();
  const [problem, setProblem] = useState();
  const submit = async (event) => {
    event.preventDefault();
    try {
      await request("POST", "/v1/session", { json: { token: box.current.value } });
      const next = params.get("next") || "/";
      // Only an address of the app: "//host" would be another site's.
      go(/^\/(?![/\\])/.test(next) ? url("/") + next.slice(1) : url("/"), { replace: true });
    } catch (refused) {
      setProblem(refused);
      box.current.select();
    }
  };
  return html`<form class="sign-in" onSubmit=${submit}>
    <h1>${t("signIn")}</h1>
    <p>${t("signInWhy")}</p>
    <label for="token">${t("token")}</label>
    <input
      ref=${box}
      id="token"
      type="password"
      autocomplete="current-password"
      required
      aria-invalid=${problem ? "true" : "false"}
      aria-describedby="token-problem"
    />
    <p id="token-problem" class="bad-text" role="alert">
      ${problem && `${problem.message} ${problem.hint}`}
    </p>
    <button class="main">${t("signIn")}</button>
  </form>`;
}

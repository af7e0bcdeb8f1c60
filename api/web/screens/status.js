// Status: what the library holds, the models, the disk, jobs, and what doctor says.
import { bytes, get, html, number, t, useData, useTitle } from "../core/app.js";
import { Trouble, Waiting } from "../parts/basics.js";

const ORDER = { broken: 0, note: 1, ok: 2 };

export default function Status() {
  useTitle(t("status"));
  const { data, problem } = useData((signal) => get("/v1/status", {}, signal), []);
  const checked = useData((signal) => get("/v1/status", { checks: true }, signal), []);
  if (problem) return html`<${Trouble} problem=${problem} />`;
  if (!data) return html`<${Waiting} />`;
  const figure = (text, value) => html`<div class="figure"><b>${value}</b><span>${text}</span></div>`;
  return html`<div class="status">
    <h1>${t("status")} <small>pageglass ${data.version}</small></h1>
    <div class="figures">
      ${figure(t("documents"), number(data.documents))} ${figure(t("pagesTitle"), number(data.pages))}
      ${figure(t("onDisk"), bytes(data.bytes))} ${figure(t("free"), bytes(data.free_bytes))}
      ${figure(t("answersBy"), data.model)} ${data.noted_pages > 0 && figure(t("notedPages"), number(data.noted_pages))}
    </div>
    <section>
      <h2>${t("indexes")}</h2>
      <table>
        <thead>
          <tr><th>${t("encoder")}</th><th>${t("model")}</th><th>${t("dimensions")}</th><th>${t("documents")}</th></tr>
        </thead>
        <tbody>
          ${data.indexes.map(
            (index) => html`<tr key=${index.encoder}>
              <td>${index.encoder}</td><td>${index.model}</td><td>${number(index.dim)}</td>
              <td>${number(index.documents)} / ${number(data.documents)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </section>
    <section>
      <h2>${t("jobs")}</h2>
      <p>${Object.entries(data.jobs).map(([state, n]) => `${t(`upload_${state}`)}: ${number(n)}`).join(" · ") || t("noJobs")}</p>
    </section>
    ${data.failures.length > 0 &&
    html`<section>
      <h2>${t("setAside")}</h2>
      <ul class="failures">
        ${data.failures.map(({ path, reason, hint }) => html`<li key=${path}><code>${path}</code> ${reason} ${hint}</li>`)}
      </ul>
    </section>`}
    <section>
      <h2>${t("checks")}</h2>
      ${checked.problem && html`<${Trouble} problem=${checked.problem} />`}
      ${checked.loading ? html`<${Waiting} text=${t("checking")} />` : html`<${Checks} checks=${checked.data?.checks || []} />`}
    </section>
  </div>`;
}

function Checks({ checks }) {
  const sorted = [...checks].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
  return html`<ul class="checks">
    ${sorted.map(
      ({ topic, name, state, detail, hint }, at) => html`<li key=${at} class=${state}>
        <em>${t(`check_${state}`)}</em> <b>${topic} ${name}</b> ${detail} ${hint && html`<small>${hint}</small>`}
      </li>`,
    )}
  </ul>`;
}

// Answer: a conversation on the left, the cited page on the right.
import { Problem, amend, ask, go, html, pageUrl, t, url, useEffect, useKeys, useMemo, useRef, useState, useTitle } from "../core/app.js";
import { cutAtLabels, toMarkdown } from "../core/citations.js";
import { keepTurns, messagesOf, newId, readTurns } from "../core/conversations.js";
import { CitedPage } from "../parts/cited_page.js";
import { Icon, IconButton, toast } from "../parts/basics.js";
import { NearPages } from "../parts/hits.js";
import { Turn } from "../parts/turn.js";
import { AskBox } from "./home.js";

export default function Ask({ route: { params } }) {
  const question = params.get("q") || "";
  const id = params.get("c");
  const scope = params.getAll("doc");
  const only = Number(params.get("page"));
  const [turns, setTurns] = useState(() => (id ? readTurns(id) : []));
  const running = useRef();
  const talking = useRef();
  const [busy, setBusy] = useState(false);
  const [hovered, setHovered] = useState(null);
  useTitle(question);

  const say = async (text, before, whole) => {
    const talk = talking.current || newId();
    talking.current = talk;
    if (id !== talk) amend({ c: talk });
    const turn = { question: text, text: "", citations: [], hits: [] };
    const show = (fields) => {
      Object.assign(turn, fields);
      if (talking.current === talk) setTurns([...before, { ...turn }]);
    };
    running.current?.abort();
    const stop = (running.current = new AbortController());
    setBusy(true);
    show({});
    const body = before.length ? { messages: messagesOf(before, text) } : { query: text };
    if (scope.length) body.documents = scope;
    if (whole) body.whole = true;
    else if (only) body.first_page = body.last_page = only;
    try {
      await ask(
        body,
        (name, data) => {
          if (name === "hits") show({ hits: data.hits.map(brief) });
          if (name === "delta") show({ text: turn.text + data.text });
          if (name === "citation") show({ citations: [...turn.citations, data] });
          if (name === "done") show({ answer: data, text: data.text, citations: data.citations });
          if (name === "error") throw new Problem(data, data.status);
        },
        stop.signal,
      );
    } catch (problem) {
      if (stop.signal.aborted) show({ stopped: true });
      else show({ problem: { message: problem.message, hint: problem.hint } });
    }
    if (running.current === stop) {
      setBusy(false);
      keepTurns(talk, [...before, turn]);
    }
  };

  useEffect(() => {
    if (id && talking.current === id) return;
    running.current?.abort();
    talking.current = id;
    const kept = id ? readTurns(id) : [];
    setTurns(kept);
    if (question && !kept.length) say(question, []);
  }, [question, id]);
  useEffect(() => () => running.current?.abort(), []);

  const cited = useMemo(
    () =>
      turns.flatMap((turn, at) =>
        cutAtLabels(turn.text, turn.citations).numbered.map((citation, n) => ({
          id: `${at}.${n + 1}`,
          citation,
          declined: turn.answer?.declined,
        })),
      ),
    [turns],
  );
  const last = turns.length - 1;
  const near = (turns[last]?.hits || []).slice(0, 6);
  const chosen =
    cited.find((one) => one.id === params.get("cite")) ||
    cited.find((one) => one.id.startsWith(`${last}.`));
  const choose = (one, options) => one && amend({ cite: one.id }, options);
  const openCited = (id) => {
    choose(cited.find((one) => one.id === id), { push: true });
    // On a phone the page is below the answer.
    if (innerWidth < 760) document.querySelector(".beside")?.scrollIntoView();
  };
  const step = (by) => choose(cited[cited.indexOf(chosen) + by]);
  const open = () =>
    chosen && go(pageUrl(chosen.citation.page, { q: turns.at(-1)?.question, quote: chosen.citation.quote }));
  useKeys({
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    j: () => step(1),
    k: () => step(-1),
    o: open,
  });

  if (!question && !turns.length) {
    return html`<div class="home"><h1>${t("askAnything")}</h1><${AskBox} /></div>`;
  }
  return html`<div class="answer-screen">
    <section class="talk" aria-label=${t("conversation")}>
      ${turns.map(
        (turn, at) => html`<${Turn}
          key=${at}
          turn=${turn}
          busy=${busy && at === last}
          active=${chosen?.id}
          at=${at}
          onHover=${setHovered}
          onChoose=${openCited}
          onRetry=${() => say(turn.question, turns.slice(0, at))}
        />`,
      )}
      ${busy
        ? html`<button class="stop" onClick=${() => running.current.abort()}>
            <${Icon} name="stop" /> ${t("stop")}
          </button>`
        : html`<${AskBox} compact label=${t("followUp")} onSubmit=${(text) => say(text, turns)} />`}
      ${!busy &&
      scope.length === 1 &&
      ![undefined, "extractive"].includes(turns[last]?.answer?.model) &&
      html`<button class="quiet" onClick=${() => say(turns[last].question, turns.slice(0, last), true)}>
        ${t("readWhole")}
      </button>`}
      <${Export} turns=${turns} busy=${busy} />
    </section>
    <aside class="beside" aria-label=${t("citedPage")}>
      ${chosen
        ? html`<${CitedPage}
            one=${chosen}
            all=${cited}
            lit=${hovered}
            question=${turns[Number(chosen.id.split(".")[0])]?.question}
            onStep=${step}
            onChoose=${choose}
          />`
        : near.length > 0 &&
          html`<h2>${t(busy ? "readingPages" : "nearestPages")}</h2>
            <${NearPages} hits=${near} q=${turns[last].question} />`}
    </aside>
  </div>`;
}

/** What is kept of a hit. */
const brief = ({ page, name, number, start, revision, width, height }) => ({
  page, name, number, start, revision, width, height,
});

function Export({ turns, busy }) {
  if (busy || !turns.some((turn) => turn.answer)) return null;
  const link = (page) => location.origin + pageUrl(page);
  const text = () => toMarkdown(turns, link);
  const save = () => {
    const made = document.createElement("a");
    made.href = URL.createObjectURL(new Blob([text()], { type: "text/markdown" }));
    made.download = "conversation.md";
    made.click();
    setTimeout(() => URL.revokeObjectURL(made.href), 1000);
  };
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => toast(t("copied")),
      () => toast(t("notCopied"), { bad: true }),
    );
  return html`<p class="export">
    <${IconButton} icon="copy" onClick=${copy}>${t("copy")}</${IconButton}>
    <${IconButton} icon="down" onClick=${save}>${t("saveMarkdown")}</${IconButton}>
    <a class="quiet" href=${url("/")}>${t("newQuestion")}</a>
  </p>`;
}

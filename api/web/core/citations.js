// Citations: an answer's text cut at its labels, each with its citation and number.

const LABELS = /\[[ \t]*(\d{1,4}(?:[ \t]*,[ \t]*\d{1,4})*)[ \t]*\]/g;
const QUOTED = /["“«「]([^"”»」]*)["”»」][ \t.,;:!?)]*(?:\[[\d ,]+\][ \t,;]*)*$/;

/**
 * How a citation is grounded: what the server says, "quote" where it was verified; "page"
 * where it quotes nothing, and "near" in an answer that was declined.
 */
export function groundOf(citation, declined = false) {
  const ground = citation.grounded || (citation.verified ? "quote" : "none");
  if (ground !== "none") return ground;
  if (declined) return "near";
  return citation.quote ? "none" : "page";
}

/**
 * Parts of a text: strings, and `{ number, citation }` for labels. Citations are numbered
 * in order of appearance; one that is cited again keeps its number.
 */
export function cutAtLabels(text, citations) {
  const numbers = new Map();
  const used = new Set();
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(LABELS)) {
    const before = text.slice(0, found.index);
    const quote = before.match(QUOTED)?.[1];
    const cited = found[1]
      .split(",")
      .map((label) => match(citations, used, Number(label), quote))
      .filter(Boolean);
    if (!cited.length) continue;
    parts.push(text.slice(end, found.index).replace(/[ \t]+$/, " "));
    for (const citation of cited) {
      used.add(citation);
      if (!numbers.has(citation)) numbers.set(citation, numbers.size + 1);
      parts.push({ number: numbers.get(citation), citation });
    }
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  return { parts: parts.filter((part) => part !== ""), numbered: [...numbers.keys()] };
}

function match(citations, used, label, quote) {
  const of = citations.filter((citation) => citation.label === label);
  return (
    of.find((citation) => quote && citation.quote === quote) ||
    of.find((citation) => !used.has(citation)) ||
    of.at(-1)
  );
}

/** Conversation as Markdown, citations as footnotes. */
export function toMarkdown(turns, link) {
  let count = 0;
  const notes = [];
  const said = turns.map(({ question, answer }) => {
    const { parts } = cutAtLabels(answer?.text || "", answer?.citations || []);
    const own = new Map();
    const body = parts.map((part) => {
      if (typeof part === "string") return part;
      if (!own.has(part.citation)) {
        own.set(part.citation, ++count);
        const { name, number, quote, page } = part.citation;
        const quoted = quote ? `: “${quote.replaceAll("\n", " ")}”` : "";
        notes.push(`[^${count}]: [${name}, ${number}](${link(page)})${quoted}`);
      }
      return `[^${own.get(part.citation)}]`;
    });
    return `## ${question}\n\n${body.join("")}\n`;
  });
  return `${said.join("\n")}\n${notes.join("\n")}\n`;
}

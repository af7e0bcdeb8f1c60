// Conversations, kept in this browser alone; the latest of them.
const HEAD = "pageglass.talk.";
const MOST = 50;

export const newId = () => crypto.getRandomValues(new Uint32Array(2)).join("").slice(0, 14);

/** Turns of a conversation: `{ question, answer, hits, problem }`. */
export function readTurns(id) {
  try {
    return JSON.parse(localStorage.getItem(HEAD + id))?.turns || [];
  } catch {
    return [];
  }
}

export function keepTurns(id, turns) {
  const kept = Object.keys(localStorage).filter((key) => key.startsWith(HEAD));
  const at = (key) => JSON.parse(localStorage.getItem(key))?.at || 0;
  const oldest = kept.sort((a, b) => at(a) - at(b)).slice(0, Math.max(0, kept.length - MOST + 1));
  for (const key of oldest) if (key !== HEAD + id) localStorage.removeItem(key);
  localStorage.setItem(HEAD + id, JSON.stringify({ at: Date.now(), turns }));
}

/** Messages for the API: what was said before, then the question. */
export function messagesOf(turns, question) {
  const said = turns
    .filter((turn) => turn.answer)
    .flatMap((turn) => [
      { role: "user", text: turn.question },
      { role: "assistant", text: turn.answer.text },
    ]);
  return [...said.slice(-20), { role: "user", text: question }];
}

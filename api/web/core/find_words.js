// Find in page: places of a phrase among a page's words, without regard to case.

const fold = (text) => text.normalize("NFKC").toLowerCase();

/** Places of a phrase; each is the boxes of the words that it touches. */
export function findWords(words, phrase) {
  const wanted = fold(phrase.trim()).replace(/\s+/g, " ");
  if (!wanted) return [];
  let text = "";
  const starts = words.map((word) => {
    const start = text.length;
    text += `${fold(word.text)} `;
    return start;
  });
  const places = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const touched = words.filter((word, i) => starts[i] < end && starts[i] + word.text.length > at);
    places.push(touched.flatMap(({ box, rest }) => (rest ? [box, rest] : [box])));
  }
  return places;
}

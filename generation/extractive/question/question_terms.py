"""Terms of a question: without fillers, its names, and the words for documents."""

from __future__ import annotations

import re

from generation.text.stems import text_stems
from ingest.forms.languages.languages import grammar_of, languages_of
from ingest.library.names import split_name
from retrieval.query.terms import content_stems, stem

MIN_COMPOUND = 8
"""Letters of a stem that is looked for at the end of longer ones."""
KINDS_OF_DOCUMENT = content_stems(
    "document paper report invoice letter handbook manual guide form file page slide deck brochure"
    " contract lease agreement book article receipt pdf"
)
FILLERS = content_stems(
    "mean signify stand list enumerate explain describe mention respectively please after before look oft lange"
)
_NAMED = re.compile(
    r"(?<=\s)(?!(?<=the )[A-Z]+ (?:of|on|for|in)\b)[A-Z]\w+|\b\w*\d\w*|(?<=[a-z])[A-Z]\w*"
)
"""Words in capitals and with digits; "the IBAN of" asks for something that has no name."""


_SEVERAL = re.compile(r"(?<=\s)[A-ZÄÖÜ][\w-]+(?: [A-ZÄÖÜ][\w-]+)+")
_MARKED = re.compile(r"\b\w*\d\w*|\b[A-ZÄÖÜ]{2,}\b|(?<=[a-zäöüß])[A-ZÄÖÜ]\w*")


def find_names(question: str) -> list[str]:
    """Names and numbers of a question.

    German writes every noun in capitals: there, one word in capitals alone is no name.

    >>> find_names("Who leads Ondine 2?"), find_names("Wie hoch ist die Miete von Ada Kerrow?")
    (['Ondine', '2'], ['Ada Kerrow'])
    """
    if "de" in languages_of(question):
        return [*_SEVERAL.findall(question), *_MARKED.findall(question)]
    return _NAMED.findall(question)


def question_stems(text: str) -> frozenset[str]:
    """Stems of a text's terms, without requests and function words of its language."""
    stems = text_stems(text)
    return stems - FILLERS - frozenset(map(stem, grammar_of(text))) or stems


def latin_share(terms: frozenset[str]) -> float:
    """The share of terms in scripts that MiniLM was trained on."""
    return sum(term[0] < "\u0530" for term in terms) / len(terms) if terms else 0.0


def named_share(names: frozenset[str], page: frozenset[str], document_name: str) -> float:
    """The share of names on a page or in its document's name; 1 for no names.

    The number of a name such as FY2015 will do.
    """
    page |= content_stems(" ".join(split_name(document_name)))
    held = sum(name in page or _number_of(name) in page for name in names)
    return held / len(names) if names else 1.0


_RUN = re.compile(
    r"(?<=\s)(?<!\bthe )(?<!\ban )(?<!\ba )[A-Z][^\W\d]+(?!\w)(?: [A-Z][^\W\d]+(?!\w))*"
)


def proper_names(question: str) -> list[frozenset[str]]:
    """Stems of each run of words in capitals in a question, but its first word.

    None of a question all in capitals, nor of a word after an article, which may be any noun,
    nor of one alone in German.

    >>> proper_names("What did Ada Kerrow see in the Harbour?") == [content_stems("Ada Kerrow")]
    True
    """
    if question.isupper():
        return []
    runs = (_SEVERAL if "de" in languages_of(question) else _RUN).findall(question)
    stems = (content_stems(run) - KINDS_OF_DOCUMENT for run in runs)
    return [each for each in stems if each]


def _number_of(name: str) -> str:
    found = re.fullmatch(r"[^\W\d_]+(\d{2,})", name)
    return found[1] if found else name


_NOUNS = {
    "long": "length duration",
    "tall": "height",
    "high": "height",
    "heavy": "weight weigh",
    "old": "age",
    "wide": "width",
    "deep": "depth",
    "fast": "speed",
    "far": "distance range",
    "big": "size area",
    "large": "size area",
    "expensive": "price cost fee",
    "cost": "price fee fare rent",
    "price": "cost fee fare",
    "amount": "amt sum",
    "sum": "amount amt",
    "born": "birth",
    "made": "maker manufacturer",
    "makes": "maker manufacturer",
    "leads": "head leader",
    "owns": "owner",
    "called": "name",
    "named": "name",
    "absent": "apologies",
    "opening": "open",
    "written": "language author",
    "phone": "telephone tel",
    "telephone": "phone tel",
    "issued": "date",
    "billed": "bill",
    "gross": "größe",
    "groß": "größe",
    "hoch": "höhe",
    "schwer": "gewicht wiegt",
    "lang": "länge dauer",
    "alt": "alter",
    "breit": "breite",
    "supplies": "supplier",
    "supply": "supplier",
    "insures": "insurer",
    "employs": "employer",
    "manages": "manager",
    "publishes": "publisher",
    "edits": "editor",
    "teaches": "teacher lecturer",
    "cheap": "price cost fee fare",
    "cheapest": "price cost fee fare",
    "monday": "mon",
    "wednesday": "wed",
    "tuesday": "tue tues",
    "thursday": "thu thur thurs",
    "friday": "fri",
    "saturday": "sat",
    "sunday": "sun",
}
_VERBS = (
    "write wrote written,make made,build built,buy bought,sell sold,lead led,pay paid,hold held"
    ",give gave given,take took taken,begin began begun,draw drew drawn,speak spoke spoken"
    ",choose chose chosen,drive drove driven,fall fell fallen,grow grew grown,know knew known"
    ",lose lost,meet met,rise rose risen,run ran,see saw seen,send sent,show shown,spend spent"
    ",steal stole stolen,teach taught,think thought,throw threw thrown,win won,wear wore worn"
    ",bring brought,break broke broken,catch caught,come came,eat ate eaten,fight fought,find found"
    ",fly flew flown,forget forgot forgotten,get got,go went gone,keep kept,leave left,lend lent"
    ",mean meant,ride rode ridden,say said,sing sang sung,sink sank sunk,sleep slept,stand stood"
    ",swim swam swum,tell told,understand understood,feed fed,freeze froze frozen,hide hid hidden"
    ",bear bore born,become became,light lit,shoot shot,strike struck,swear swore sworn,tear tore torn"
)
"""Forms of irregular verbs, which have different stems."""


def _alike() -> dict[str, frozenset[str]]:
    pairs = list(_NOUNS.items())
    for verb in _VERBS.split(","):
        pairs += [(form, verb) for form in verb.split()]
    found: dict[str, frozenset[str]] = {}
    for word, others in pairs:
        for term in content_stems(word):
            found[term] = found.get(term, _NONE) | (content_stems(others) - {term})
    return found


_NONE: frozenset[str] = frozenset()
ALIKE = _alike()
"""Stems of words that say on a page what a question asks: labels for an adjective or a verb, and
other forms of an irregular verb."""


def has_term(term: str, terms: frozenset[str]) -> bool:
    """Whether stems have one, an equal of it, or a compound that ends in it.

    >>> has_term("versicherungssumm", frozenset({"haftpflichtversicherungssumm"}))
    True
    """
    if term in terms or ALIKE.get(term, _NONE) & terms:
        return True
    return len(term) >= MIN_COMPOUND and any(each.endswith(term) for each in terms)

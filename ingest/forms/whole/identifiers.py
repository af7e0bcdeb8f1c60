"""Identifiers: IBANs, phone numbers, versions, standards and part numbers.

Separators are dropped beside letters and are one hyphen between digits, so that
AB-1234/5 is AB1234-5 and neither AB-12345 nor AB-5/1234.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.forms.look_alike import as_latin
from ingest.forms.whole.form import WholeForm, form_token

_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)", re.I)
_PHONE = re.compile(
    r"(?<![\w.,/+-])(?:(?:\+|00)[1-9](?:[ ()./-]{0,3}\d){6,13}"
    r"|\(?0[1-9]\d{0,4}\)?(?:[ /.-]{1,3}\d{2,8}){1,5}"
    r"|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}[.-]\d{3}[.-]\d{4})(?![\w/]|[.,-]\d)"
)
_VERSION = re.compile(
    r"(?<![\w.,/-])(?:v(?:er(?:sion)?)?\.? ?(?P<marked>\d{1,9}(?:\.\d{1,9}){1,9})|(?P<bare>(?!\d{1,3}(?:\.\d{3})+(?![\d.]))\d{1,9}(?:\.\d{1,9}){2,9}))"
    r"(?P<suffix>(?:-?(?:alpha|beta|rc|b|a)\.?\d*)?)(?![\w/]|[.,]\d)",
    re.I,
)
_BODIES = "ISO|IEC|DIN|EN|IEEE|ASTM|ANSI|RFC|BS|NF|JIS|GB|UL|VDE|VDI|OSHA|API|NIST|ETSI|ITU"
_STANDARD = re.compile(
    rf"(?<!\w)((?:{_BODIES})(?:[ /-](?:{_BODIES}|TS|TR|SP))*)[ -]?(\d{{2,}}(?:[-.]\d+)*)(?::(\d{{4}}))?(?!\w)",
    re.I,
)
_YEAR_RANGE = r"(?:1[5-9]|20)\d\d(?:[-/](?:(?:1[5-9]|20)?\d\d))?"
_ENDS = r"(?![\w]|[.,/-]\d|[%°])"
_CODE = re.compile(
    r"§+ ?(?P<paragraph>\d+[a-z]?)(?!\w)"
    rf"|(?P<apart>(?<![\w.,/-])\d{{1,8}} [A-Z]{{1,3}} \d{{2,8}}(?:/\d{{1,4}})?{_ENDS})"
    rf"|(?P<spaced>(?<![\w-])[A-Z]{{1,4}} (?!{_YEAR_RANGE}(?!\w))\d[\d./-]*\d(?:[A-Z]\d*)?{_ENDS})"
    rf"|(?P<dated>(?<![\w-])[A-Z]{{2,3}} {_YEAR_RANGE}{_ENDS})"
    r"|(?<![\w@/.-])[§#]?[^\W_]{1,40}+(?:[-/._:+\\][^\W_]{1,40}+){0,10}+(?![\w@]|/\w)"
)
_RUN = re.compile(r"[^\W\d_]+|\d+")
_PLAIN = re.compile(
    r"\d+(?:st|nd|rd|th|s|er|ers|e|am|pm|px|pt|mm|cm|km|m|m2|m3|g|kg|mg|l|ml|kw|kwh|mw|gb|mb|kb|tb|x|h|min"
    r"|k|bn|mn|million|billion|year|years|day|days|page|pages)?(?:[-/]\d+)?",
    re.I,
)
_TIME = re.compile(r"\d{1,2}(?::\d{2}){1,2}")
_YEARS = re.compile(_YEAR_RANGE)
MIN_IBAN = 15
MAX_WORD = 3
"""Letters of a lower-case run in an identifier; longer ones need many digits beside them."""
MIN_DIGITS = 4
MIN_NUMERIC = 6
"""Digits of an identifier without letters."""


def find_ibans(text: str) -> Iterator[WholeForm]:
    """Find IBANs (ISO 13616); one with wrong check digits ends before a word."""
    for found in _IBAN.finditer(text):
        words = found[0].upper().split(" ")
        ends = [n for n in range(len(words), 0, -1) if has_check_digits("".join(words[:n]))]
        named = next((n for n, word in enumerate(words) if word.isalpha()), len(words))
        count = ends[0] if ends else named  # a word after it may look like a part
        bare = "".join(words[:count])
        if len(bare) >= MIN_IBAN:
            end = found.start() + len(" ".join(words[:count]))
            printed = text[found.start() : end]
            yield WholeForm("iban", printed, found.start(), end, (bare.lower(),))


def has_check_digits(iban: str) -> bool:
    """Whether letters and digits without blanks are an IBAN, by its check digits."""
    digits = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
    return len(iban) >= MIN_IBAN and int(digits) % 97 == 1


def find_phones(text: str) -> Iterator[WholeForm]:
    """Find phone numbers; the normal form is the number within its country.

    >>> [form.keys for form in find_phones("Tel. +49 (0)30 1234567, 030/1234567")]
    [('301234567',), ('301234567',)]
    """
    for found in _PHONE.finditer(text):
        import phonenumbers

        digits = re.sub(r"\D", "", found[0].replace("(0)", ""))
        national, international = digits.lstrip("0"), ""
        if found[0].startswith(("+", "00")):
            international = digits.removeprefix("00") if found[0].startswith("00") else digits
            try:
                national = str(phonenumbers.parse(f"+{international}").national_number)
            except phonenumbers.NumberParseException:
                continue
        if len(national) >= 6:
            also = (form_token("phone", f"+{international}"),) if international else ()
            yield WholeForm("phone", found[0], *found.span(), (national,), also=also)


def find_versions(text: str) -> Iterator[WholeForm]:
    """Find versions and other numbers with several points, v2.10.3 as 2.10.3."""
    for found in _VERSION.finditer(text):
        key = (found["marked"] or found["bare"]) + found["suffix"].lower().replace("-", "")
        yield WholeForm("version", found[0], *found.span(), (key,))


def find_standards(text: str) -> Iterator[WholeForm]:
    """Find standards such as ISO 9001:2015, which are found without their year too."""
    for found in _STANDARD.finditer(text):
        base = identifier_key(found[1] + found[2])
        if year := found[3]:
            keys, also = (f"{base}:{year}",), (form_token("identifier", base),)
            yield WholeForm("identifier", found[0], *found.span(), keys, also=also)
        else:
            yield WholeForm("identifier", found[0], *found.span(), (base,))


def find_codes(text: str) -> Iterator[WholeForm]:
    """Find part numbers, file numbers and such.

    >>> [form.keys for form in find_codes("AB-1234/5 02091-C-71 10-year")]
    [('ab1234-5',), ('02091c71',)]
    """
    for found in _CODE.finditer(text):
        if found["paragraph"]:
            key = f"§{found['paragraph']}"
            yield WholeForm("identifier", found[0], *found.span(), (key,))
        elif found["dated"]:
            key = identifier_key(found[0])
            yield WholeForm("identifier", found[0], *found.span(), (), (key,))
        elif found["apart"] or found["spaced"] or is_identifier(found[0]):
            yield _identifier(found)


def _identifier(found: re.Match[str]) -> WholeForm:
    key = identifier_key(found[0])
    squeezed = key.replace("-", "")
    maybe = (squeezed,) if squeezed != key else ()
    return WholeForm("identifier", found[0], *found.span(), (key,), maybe)


def is_identifier(text: str) -> bool:
    """Whether a text without spaces is an identifier rather than a word or a quantity."""
    runs = _RUN.findall(text)
    digits = sum(len(run) for run in runs if run.isdigit())
    letters = [run for run in runs if not run.isdigit()]
    if not digits or _YEARS.fullmatch(text) or _TIME.fullmatch(text):
        return False
    if not letters:
        padded = text.startswith("0") and digits >= MIN_DIGITS
        return padded or (digits >= MIN_NUMERIC and len(runs) > 1)
    if _PLAIN.fullmatch(text):
        return False
    small = all(run.isupper() or len(run) <= MAX_WORD for run in letters)
    return small or (digits >= MIN_DIGITS and len(letters) < len(runs))


def identifier_key(text: str) -> str:
    """Normal form: runs of letters and digits, a hyphen between runs of digits.

    >>> identifier_key("AB-1234/5"), identifier_key("02091 C 71"), identifier_key("А123ВС")
    ('ab1234-5', '02091c71', 'a123bc')
    """
    key = ""
    for run in _RUN.findall((as_latin(text) or text).lower()):
        key += f"-{run}" if key[-1:].isdigit() and run[0].isdigit() else run
    return key

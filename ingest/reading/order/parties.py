"""Parties side by side: addresses and signatures, read one after the other.

They look like a table of few rows. What tells them: their rows are of one kind across
(both names, both streets) and of several down, where those of a table are the other way
round; or they begin with words for parties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.reading.line import is_right_to_left
from ingest.reading.order.piece import Piece

MIN_ROWS, MAX_ROWS = 3, 9
"""Lines of an address."""
MAX_SIDES = 3
"""Addresses side by side, at most."""
MAX_WORDS = 8
"""Words of a line of an address, at most."""
MAX_STEP = 1.7
"""Distance of two lines of an address in heights of a line, at most."""
ALIGNED = 0.5
"""Lines of an address begin at one place, up to so many heights of a line."""
MIN_RULE = 4
"""Characters of a line to sign on, at least."""
ALIKE = 0.75
"""Share of the rows that are of one kind across, at least."""
_PARTIES = frozenset(
    (
        "seller|buyer|from|to|sender|recipient|consignor|consignee|shipper|vendor|supplier|customer|"
        "client|purchaser|landlord|tenant|lessor|lessee|employer|employee|lender|borrower|bill to|"
        "billed to|ship to|shipped to|sold to|deliver to|invoice to|billing address|"
        "shipping address|delivery address|invoice address|remit to|issued by|issued to|"
        "notify party|verkäufer|käufer|absender|empfänger|rechnungsadresse|rechnungsanschrift|lieferadresse|"
        "lieferanschrift|auftraggeber|auftragnehmer|vermieter|mieter|kunde|lieferant|arbeitgeber|"
        "arbeitnehmer|vendeur|acheteur|expéditeur|destinataire|fournisseur|adresse de facturation|"
        "adresse de livraison|bailleur|locataire|vendedor|comprador|remitente|destinatario|cliente|"
        "proveedor|facturar a|enviar a|arrendador|arrendatario|venditore|acquirente|mittente|"
        "fornitore|locatore|locatario|sprzedawca|nabywca|nadawca|odbiorca|verkoper|koper|afzender|"
        "ontvanger|remetente|destinatário|satıcı|alıcı|gönderen|gönderici|prodávající|kupující|"
        "säljare|köpare|avsändare|mottagare|sælger|køber|продавец|покупатель|отправитель|получатель|"
        "поставщик|заказчик|исполнитель|πωλητής|αγοραστής|người bán|người mua|المشتري|البائع|מוכר|"
        "קונה|卖方|买方|賣方|買方|甲方|乙方|売主|買主|매도인|매수인|공급자|공급받는자"
    ).split("|")
)


@dataclass(frozen=True, slots=True)
class Parties:
    """Rows `start` up to (not with) `end` as addresses, in reading order."""

    start: int
    end: int
    sides: tuple[tuple[Piece, ...], ...]


def find_parties(rows: Sequence[Sequence[Piece]]) -> Iterator[Parties]:
    """Addresses side by side among rows, top to bottom."""
    at = 0
    while at <= len(rows) - MIN_ROWS:
        sides = _sides(rows, at) if 1 < len(rows[at]) <= MAX_SIDES else []
        count = max(map(len, sides), default=0)
        if count >= MIN_ROWS and _are_parties(sides):
            if sum(is_right_to_left(side[0].line.text) for side in sides if side[0]) > 1:
                sides.reverse()
            yield Parties(at, at + count, tuple(tuple(filter(None, side)) for side in sides))
            at += count
        else:
            at += 1


def _sides(rows: Sequence[Sequence[Piece]], start: int) -> list[list[Piece | None]]:
    """Lines below each piece of a row, None where there is none in a line."""
    heads = rows[start]
    sides: list[list[Piece | None]] = [[head] for head in heads]
    for above, row in zip(rows[start:], rows[start + 1 : start + MAX_ROWS], strict=False):
        height = heads[0].height
        if row[0].box[1] - above[0].box[1] > MAX_STEP * height:
            break
        cells: list[Piece | None] = [None] * len(heads)
        for piece in row:
            for side, head in enumerate(heads):
                if abs(piece.box[0] - head.box[0]) <= ALIGNED * height:
                    cells[side] = piece
        if sum(cell is not None for cell in cells) < len(row):
            break
        for lines, cell in zip(sides, cells, strict=True):
            lines.append(cell)
    return sides


def _are_parties(sides: Sequence[Sequence[Piece | None]]) -> bool:
    if any(cell and len(cell.words) > MAX_WORDS for side in sides for cell in side):
        return False
    kinds = [[_kind(cell) for cell in side] for side in sides]
    rows = list(zip(*kinds, strict=True))
    if any(set(row) == {"_"} for row in rows):
        return True
    if any("1" in row for row in rows) or not any(set(row) & {"a1", "1a"} for row in rows):
        return False
    heads = [side[0].line.text.casefold().strip(" :.") for side in sides if side[0]]
    varied = [len({kind for kind in side[1:] if kind}) > 1 for side in kinds]
    if sum(head in _PARTIES for head in heads) > 1 and any(varied):
        return True
    alike = sum(len({kind.replace("1a", "a1") for kind in row}) == 1 for row in rows)
    alike = alike >= ALIKE * len(rows)
    return alike and all(varied)


def _kind(cell: Piece | None) -> str:
    """Kind of a line: letters, a number and letters in their order, a number, an e-mail address,
    or a line to sign on."""
    if cell is None:
        return ""
    text = cell.line.text
    if len(text) > MIN_RULE and not text.strip("_.… -"):
        return "_"
    if "@" in text or "www." in text:
        return "@"
    if not any(map(str.isdigit, text)):
        return "a"
    if not any(map(str.isalpha, text)):
        return "1"
    return "1a" if _NUMBER_FIRST.match(text) else "a1"


_NUMBER_FIRST = re.compile(r"\W*(?:[A-Z]{1,3}-)?\d")

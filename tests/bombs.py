"""Small hostile files, built by class: much work, memory or pages out of few bytes."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterable

from PIL import Image

CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
FONT = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"


def build_pdf(objects: Iterable[bytes], trailer: bytes = b"") -> bytes:
    """PDF of objects numbered from 1, the catalog first; `trailer` has further keys."""
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, trailer, len(data))
    )


def page(width: float = 200, height: float = 200, more: bytes = b"") -> bytes:
    """Page object with a media box of that size, in points."""
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %a %a]%s>>" % (width, height, more)


def stream(data: bytes, more: bytes = b"", repeat: int = 1) -> bytes:
    """Compressed stream object; `repeat` times the data."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(data) for _ in range(repeat)) + packer.flush()
    head = b"<<%s/Filter/FlateDecode/Length %d>>" % (more, len(packed))
    return head + b"stream\n" + packed + b"\nendstream"


def draw(contents: bytes, resources: bytes = b"", *others: bytes) -> bytes:
    """PDF of one page with contents; `others` are objects 5 and on."""
    here = page(more=b"/Contents 4 0 R/Resources<<%s>>" % resources)
    return build_pdf([CATALOG, ONE_PAGE, here, contents, *others])


def nested_forms(depth: int, each: int = 10) -> bytes:
    """Forms that draw the next one `each` times: `each ** depth` draws in all."""
    forms = [
        stream(
            b"/X Do " * each if level < depth - 1 else b"0 0 200 200 re f",
            b"/Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</XObject<</X %d 0 R>>>>"
            % (level + 6),
        )
        for level in range(depth)
    ]
    return draw(stream(b"/X Do " * each), b"/XObject<</X 5 0 R>>", *forms)


def form_in_itself(ink: bytes = b"0 g") -> bytes:
    """Form that draws itself twice: MuPDF sees the circle, PDFium ends by it."""
    form = stream(
        b"/X Do /X Do",
        b"/Type/XObject/Subtype/Form/BBox[0 0 200 200]/Resources<</XObject<</X 5 0 R>>>>",
    )
    text = stream(b"/X Do " + ink + b" BT /F 12 Tf 10 10 Td (hello) Tj ET")
    return draw(text, b"/XObject<</X 5 0 R>>" + FONT, form)


def fills(count: int) -> bytes:
    """Page that is filled `count` times."""
    return draw(
        stream(b"0 0 200 200 re f* 0 0 m 200 200 l 0 200 l h f* " * 500, repeat=count // 1000)
    )


def words(count: int) -> bytes:
    """Page with `count` words, ten by ten in lines that overlap."""
    some = b"1 0 0 1 %.1f %.2f Tm (a b c d e f g h i j )Tj "
    lines = [some % (5 + 12 * (at % 15), 5 + 0.3 * (at // 15)) for at in range(count // 10)]
    return draw(stream(b"BT /F 1 Tf " + b"".join(lines)), FONT)


def count_lie(count: int, pages: int = 1) -> bytes:
    """Page tree that claims `count` pages and has `pages`."""
    kids = b" ".join(b"%d 0 R" % (at + 3) for at in range(pages))
    tree = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    return build_pdf([CATALOG, tree, *(page(100 + at) for at in range(pages))])


def shared_kids(depth: int, each: int = 10, spare: int = 0) -> bytes:
    """Page tree whose nodes name the next one `each` times; `spare` objects fill the file."""
    nodes = [
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"%d 0 R " % (at + 3) * each, each ** (depth - at))
        for at in range(depth)
    ]
    return build_pdf([CATALOG, *nodes, page(), *([b"0"] * spare)])


def odd_box(box: bytes) -> bytes:
    """Page with some media box and a word on it."""
    here = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<<%s>>>>" % (box, FONT)
    text = stream(b"BT /F 12 Tf 10 10 Td (hello) Tj ET")
    return build_pdf([CATALOG, ONE_PAGE, here, text])


def image_in_pdf(width: int, height: int, bits: int, channels: int) -> bytes:
    """Page with a black image of that size."""
    row = b"\0" * ((width * channels * bits + 7) // 8)
    space = b"/DeviceRGB" if channels == 3 else b"/DeviceGray"
    more = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace %s" % (
        *(width, height, bits),
        space,
    )
    image = stream(row, more, repeat=height)
    return draw(stream(b"200 0 0 200 0 0 cm /I Do"), b"/XObject<</I 5 0 R>>", image)


def png(width: int, height: int, depth: int, color: int) -> bytes:
    """Black PNG of a color type: 0 for gray, 2 for RGB, 6 for RGB with transparency."""
    channels = {0: 1, 2: 3, 6: 4}[color]
    row = b"\0" * (1 + (width * channels * depth + 7) // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def tiff(frames: int, side: int = 32) -> bytes:
    """TIFF of that many small frames."""
    images = [Image.new("1", (side, side), at % 2) for at in range(frames)]
    file = io.BytesIO()
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:])
    return file.getvalue()


def tiff_strip(width: int, height: int) -> bytes:
    """TIFF of one frame that claims a size and has a few bytes of deflated pixels."""
    pixels = zlib.compress(b"\0" * 100_000, 9)
    entries = (
        *((256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 8), (262, 3, 1)),
        *((273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(pixels))),
    )
    table = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
    )
    where = 8 + len(pixels)
    return b"II*\0" + struct.pack("<I", where) + pixels + table + struct.pack("<I", 0)


def cut(data: bytes, chance: random.Random) -> bytes:
    """First part of a file."""
    return data[: chance.randrange(1, len(data))]


def flip(data: bytes, chance: random.Random, count: int = 40) -> bytes:
    """File with some bytes changed."""
    changed = bytearray(data)
    for _ in range(count):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _good(chance: random.Random) -> tuple[str, bytes]:
    kind = chance.choice(("pdf", "png", "jpeg", "webp", "tiff", "gif"))
    if kind == "pdf":
        return kind, draw(stream(b"BT /F 12 Tf 10 10 Td (hello) Tj ET"), FONT)
    file = io.BytesIO()
    Image.effect_noise((120, 90), 40).save(file, kind.upper())
    return kind, file.getvalue()


def _truncated(chance: random.Random) -> tuple[str, bytes]:
    kind, data = _good(chance)
    return kind, cut(data, chance)


def _flipped(chance: random.Random) -> tuple[str, bytes]:
    kind, data = _good(chance)
    return kind, flip(data, chance)


def _wrong_kind(chance: random.Random) -> tuple[str, bytes]:
    kind = chance.choice(("pdf", "png", "jpeg", "tiff"))
    junk = (b"", b"hello\n", b"<script>alert(1)</script>", chance.randbytes(2_000), b"\0" * 5_000)
    heads = (b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"II*\0", b"\xff\xd8\xff", b"RIFF    WEBP")
    return kind, chance.choice(heads) + chance.choice(junk)


_BOXES = (
    *(b"0 0 1e9 1e9", b"0 0 14400 0.001", b"100 100 0 0", b"0 0 nan nan", b"0 0 0 0"),
    *(b"0 0 1 1000000", b"-1e30 -1e30 1e30 1e30", b"0 0", b"(a)(b)(c)(d)", b"0 0 200 -200"),
)

CLASSES: dict[str, Callable[[random.Random], tuple[str, bytes]]] = {
    "nested forms": lambda chance: ("pdf", nested_forms(chance.randint(7, 9))),
    "fills": lambda chance: ("pdf", fills(chance.randint(2, 4) * 1_000_000)),
    "words": lambda chance: ("pdf", words(chance.randint(100, 1_000) * 1_000)),
    "count lies": lambda chance: (
        "pdf",
        count_lie(10 ** chance.randint(2, 9), pages=chance.randint(1, 3)),
    ),
    "shared kids": lambda chance: ("pdf", shared_kids(chance.randint(4, 9))),
    "odd boxes": lambda chance: ("pdf", odd_box(chance.choice(_BOXES))),
    "images in PDFs": lambda chance: (
        "pdf",
        image_in_pdf(12_000, chance.randint(8, 12) * 1_000, 8, chance.choice((1, 3))),
    ),
    "PNG": lambda chance: (
        "png",
        png(10_900, 10_900, *chance.choice(((1, 0), (8, 0), (8, 6), (16, 0)))),
    ),
    "TIFF": lambda chance: (
        "tiff",
        chance.choice((tiff_strip(60_000, 3_000), tiff_strip(65_000, 65_000), tiff(300))),
    ),
    "truncated": _truncated,
    "bytes changed": _flipped,
    "wrong kind": _wrong_kind,
}
"""Builders of a file of each class, by a generator of random numbers: its kind and its bytes."""

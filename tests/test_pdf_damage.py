"""Damaged PDFs: what is optional never costs a page, a bad page never costs a document."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from bombs import build_pdf as assemble
from PIL import Image

from ingest.add import AddSettings, add
from ingest.event import Added, Done, Failed
from ingest.files.mupdf import CONTENT_LOST, DATA_MISSING, IMAGE_LOST
from ingest.files.open import open_source
from ingest.files.pdf import NeedsPassword, PdfSource
from ingest.files.pdf_password import saslprep
from ingest.files.pdfium import PdfiumSource
from ingest.files.reasons import no_image
from ingest.files.render import RenderSettings, render
from ingest.files.source import MAX_WORDS, UnreadableFile, is_blank
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page

PLAIN = RenderSettings(dpi=72, ocr="none")
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
FONT = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
HELLO = b"BT /F 20 Tf 20 100 Td (hello world) Tj ET"


def stream(data: bytes, keys: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n" % (keys, len(data)) + data + b"\nendstream"


def page(extra: bytes = b"", resources: bytes = FONT, contents: int = 4) -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents %d 0 R/Resources<<%s>>%s>>"
        % (contents, resources, extra)
    )


def one_page(*objects: bytes, extra: bytes = b"", resources: bytes = FONT) -> bytes:
    """A PDF of one page whose contents are the first of `objects`, number 4."""
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return assemble([CATALOG, pages, page(extra, resources), *objects])


def with_image(data: bytes, filter: bytes, keys: bytes = b"/ColorSpace/DeviceRGB") -> bytes:
    image = b"/Type/XObject/Subtype/Image/Width 64/Height 64/BitsPerComponent 8/Filter/" + filter
    return one_page(
        stream(b"200 0 0 200 0 0 cm /I Do"),
        stream(data, image + keys),
        resources=b"/XObject<</I 5 0 R>>",
    )


def jpeg() -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()


def words_of(path: Path) -> list[str]:
    return [word.text for word in open_source(path).page_image(1, 72).words]


@pytest.mark.parametrize(
    "extra",
    [
        b"/Annots[99 0 R 5 0 R]",
        b"/Annots 99 0 R",
        b"/Annots(no)",
        b"/Annots[<</Subtype/Widget/FT 7/Rect(x)>>]",
        b"/Annots[<</Subtype/Widget/FT/Btn/Kids[3 0 R]/Parent 3 0 R/Rect[0 0 1]>>]",
        b"/Annots[<</Subtype/Link/A<</S/URI/URI 7>>/Rect[null]>>]",
        b"/Metadata 3 0 R",
        b"/Rotate(x)",
    ],
)
def test_what_is_optional_never_costs_a_page(tmp_path: Path, extra: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(one_page(stream(HELLO), extra=extra))
    assert words_of(path) == ["hello", "world"]


def test_an_empty_stream_is_no_image_that_is_cut_off(tmp_path: Path) -> None:
    """As programs write what a box shows that is not ticked."""
    look = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Filter/FlateDecode"
    box = b"/Annots[<</Subtype/Widget/FT/Btn/Rect[9 9 18 18]/AS/Off/AP<</N<</Off 6 0 R>>>>>>]"
    path = tmp_path / "a.pdf"
    path.write_bytes(one_page(stream(HELLO), b"null", stream(b"", look), extra=box))
    assert open_source(path).page_image(1, 72).note == ""
    packed = zlib.compress(HELLO + b" % and more" * 99)[:-20]
    path.write_bytes(one_page(stream(packed, b"/Filter/FlateDecode")))
    assert open_source(path).page_image(1, 72).note == CONTENT_LOST


def test_damaged_metadata_and_outlines_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    whole = one_page(stream(HELLO), b"<</Title 3 0 R>>")
    path.write_bytes(
        whole.replace(b"/Root 1 0 R", b"/Root 1 0 R/Info 5 0 R").replace(
            CATALOG, b"<</Type/Catalog/Pages 2 0 R/Outlines 3 0 R/AcroForm 4 0 R>>"
        )
    )
    assert words_of(path) == ["hello", "world"]


@pytest.mark.parametrize(
    ("data", "filter"),
    [
        (b"no jpeg at all" * 20, b"DCTDecode"),
        (b"no codestream" * 20, b"JPXDecode"),
        (b"no zlib" * 20, b"FlateDecode"),
        (b"what is this" * 50, b"UnheardOfDecode"),
        (b"\0\0\0\0\x30\0\1\0\0\0\x13" + b"\xff" * 300, b"JBIG2Decode"),
    ],
)
def test_an_image_that_cannot_be_decoded_is_noted(
    tmp_path: Path, data: bytes, filter: bytes
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(with_image(data, filter))
    assert PdfSource(path).page_image(1, 72).note == IMAGE_LOST


@pytest.mark.parametrize(
    ("data", "filter"),
    [
        (jpeg()[:1500], b"DCTDecode"),
        (zlib.compress(bytes(64 * 64 * 3))[:10], b"FlateDecode"),
    ],
)
def test_an_image_that_is_cut_off_is_noted(tmp_path: Path, data: bytes, filter: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(with_image(data, filter))
    assert PdfSource(path).page_image(1, 72).note == DATA_MISSING


def test_a_whole_image_has_no_note(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(with_image(jpeg(), b"DCTDecode"))
    shown = PdfSource(path).page_image(1, 72)
    assert shown.note == ""
    assert not is_blank(shown.image)


def test_the_second_renderer_draws_what_the_first_leaves_blank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that fails is imitated: MuPDF is made to draw nothing of the page."""
    path = tmp_path / "a.pdf"
    path.write_bytes(with_image(jpeg(), b"DCTDecode"))
    monkeypatch.setattr(
        "ingest.files.pdf.draw_page", lambda page, dpi: Image.new("RGB", (200, 200), "white")
    )
    shown = PdfSource(path).page_image(1, 72)
    assert shown.note == ""
    assert np.asarray(shown.image).std() > 30


def test_an_empty_page_stays_empty_without_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(one_page(stream(b"")))
    shown = PdfSource(path).page_image(1, 72)
    assert is_blank(shown.image)
    assert shown.note == ""


def test_both_readers_place_words_alike_on_a_turned_and_cropped_page(tmp_path: Path) -> None:
    for turn in (0, 90, 180, 270):
        path = tmp_path / f"{turn}.pdf"
        extra = b"/Rotate %d/CropBox[10 50 190 190]" % turn
        path.write_bytes(one_page(stream(HELLO), extra=extra))
        first, second = PdfSource(path).page_image(1, 72), PdfiumSource(path).page_image(1, 72)
        assert first.image.size == second.image.size
        assert [w.text for w in first.words] == [w.text for w in second.words]
        for ours, theirs in zip(first.words, second.words, strict=True):
            middles = [
                ((w.box[0] + w.box[2]) / 2, (w.box[1] + w.box[3]) / 2) for w in (ours, theirs)
            ]
            assert middles[0] == pytest.approx(middles[1], abs=0.06)


def test_figures_of_the_second_reader_are_those_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(with_image(jpeg(), b"DCTDecode"))
    [theirs] = PdfiumSource(path).page_image(1, 72).figures
    [ours] = PdfSource(path).page_image(1, 72).figures
    assert theirs == pytest.approx(ours, abs=1e-3)


def test_a_file_that_the_first_reader_refuses_is_read_by_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(one_page(stream(HELLO)))

    def refuse(path: Path) -> object:
        raise pymupdf.FileDataError("no objects found")

    monkeypatch.setattr("ingest.files.pdf._open", refuse)
    assert isinstance(open_source(path), PdfiumSource)
    assert words_of(path) == ["hello", "world"]


def test_a_page_count_that_is_no_truth_is_neither_believed_nor_counted_to(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    for claimed in (50_000, 2_000_000_000):
        pages = b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % claimed
        path.write_bytes(assemble([CATALOG, pages, page(), stream(HELLO)]))
        try:
            assert open_source(path).page_count == 1
        except UnreadableFile as error:
            assert "page" in error.message


def test_pages_out_of_a_graph_of_kids_are_refused(tmp_path: Path) -> None:
    levels = [
        b"<</Type/Pages/Kids[" + b"%d 0 R " % (3 + depth) * 10 + b"]/Count %d>>" % 10 ** (7 - depth)
        for depth in range(7)
    ]
    path = tmp_path / "a.pdf"
    path.write_bytes(assemble([CATALOG, *levels, b"<</Type/Page/MediaBox[0 0 200 200]>>"]))
    with pytest.raises(UnreadableFile):
        open_source(path)


def test_a_bad_page_costs_that_page_alone(tmp_path: Path) -> None:
    kids = b"<</Type/Pages/Kids[3 0 R 99 0 R 5 0 R]/Count 3>>"
    path = tmp_path / "three.pdf"
    path.write_bytes(assemble([CATALOG, kids, page(), stream(HELLO), page(contents=4)]))
    home = Home(tmp_path / "home")
    events = list(add(home, [path], AddSettings(PLAIN, ("minilm",), 1)))
    [added] = [event.document for event in events if isinstance(event, Added)]
    done = events[-1]
    assert isinstance(done, Done)
    assert (added.page_count, done.noted) == (3, 1)
    [(number, note)] = added.notes
    assert number == 2
    assert "Page 2 of three.pdf" in note
    library = Library(home)
    assert library.documents()[0].notes == added.notes
    assert library.note(Page(added.id, 2)) == note
    assert library.note(Page(added.id, 1)) == ""
    assert [w.text for w in library.words(Page(added.id, 3))] == ["hello", "world"]


def test_a_document_without_a_page_that_can_be_read_is_set_aside(tmp_path: Path) -> None:
    kids = b"<</Type/Pages/Kids[98 0 R 99 0 R]/Count 2>>"
    path = tmp_path / "none.pdf"
    path.write_bytes(assemble([CATALOG, kids, page(), stream(HELLO), page()]))
    events = list(add(Home(tmp_path / "home"), [path], AddSettings(PLAIN, ("minilm",), 1)))
    [failed] = [event.failure for event in events if isinstance(event, Failed)]
    assert "none.pdf" in failed.reason


def test_a_broken_frame_of_a_tiff_costs_that_frame_alone(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "green", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    with Image.open(path) as image:
        image.seek(1)
        offset, length = image.tag_v2[273][0], image.tag_v2[279][0]
    data[offset : offset + length] = b"\xff" * length
    path.write_bytes(data)
    pages = render(path, Page("id", 1, "scan.tif"), 3, PLAIN)
    assert [page.unreadable for page in pages] == [False, True, False]
    assert "scan.tif" in pages[1].note


@pytest.mark.parametrize(
    "box", [b"0 0 1e9 1e9", b"0 0 14400 0.001", b"100 100 0 0", b"0 0 nan nan", b"0 0 0 0"]
)
@pytest.mark.parametrize("keys", [b"", b"/UserUnit 1e9", b"/CropBox[5 5 5 5]"])
def test_odd_page_sizes_give_a_page_of_bounded_size(
    tmp_path: Path, box: bytes, keys: bytes
) -> None:
    path = tmp_path / "a.pdf"
    body = b"<</Type/Page/Parent 2 0 R/MediaBox[" + box + b"]/Contents 4 0 R" + keys + b">>"
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    path.write_bytes(assemble([CATALOG, pages, body, stream(HELLO)]))
    [shown] = render(path, Page("id", 1, "a.pdf"), 1, PLAIN)
    assert 1 <= shown.width <= 3_000
    assert 1 <= shown.height <= 3_000


def test_words_beyond_the_limit_of_a_page_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    lines = (
        " ".join(f"{letter}{number}" for letter in "abcdefghij")
        for number in range(MAX_WORDS // 10 + 50)
    )
    many = (
        b"BT /F 1 Tf 10 100 Td "
        + b"".join(f"({line} )Tj 0 0 Td ".encode() for line in lines)
        + b"ET"
    )
    path.write_bytes(one_page(stream(many)))
    [shown] = render(path, Page("id", 1, "a.pdf"), 1, PLAIN)
    assert len(shown.words) == MAX_WORDS
    assert "50,000" in shown.note


def test_reasons_are_those_of_the_file_without_a_librarys_words(tmp_path: Path) -> None:
    whole = one_page(stream(HELLO))
    cases = {
        "text.pdf": (b"Dear Sir, " * 50, "not a PDF"),
        "cut.pdf": (whole[:300], "cut short"),
        "header.pdf": (b"%PDF-1.7\n", "nothing after it"),
        "junk.pdf": (b"%PDF-1.4\n" + b"junk " * 3000 + b"startxref\n5\n%%EOF", "damaged PDF"),
    }
    for name, (data, reason) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(UnreadableFile) as caught:
            open_source(path).page_image(1, 72)
        assert reason in caught.value.message, name
        assert name in caught.value.message
        for word in ("code=", "Error", "error", "decoder", str(tmp_path)):
            assert word not in caught.value.message
    assert "not a PNG" in no_image(tmp_path / "a.png").message


def test_a_pdf_with_a_damaged_header_is_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(one_page(stream(HELLO)).replace(b"%PDF-1.7", b"%FDP-1.7"))
    assert words_of(path) == ["hello", "world"]


def test_random_damage_gives_pages_or_a_reason(tmp_path: Path) -> None:
    rng = random.Random(12)
    whole = assemble(
        [CATALOG, b"<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>", page(), stream(HELLO), page()]
    )
    path = tmp_path / "a.pdf"
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 12)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randint(len(data) // 2, len(data))])
        try:
            source = open_source(path)
        except UnreadableFile as error:
            assert "a.pdf" in error.message
            continue
        for seen in render(path, Page("id", 1, "a.pdf"), min(source.page_count, 4), PLAIN):
            assert not seen.unreadable or seen.note


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Ⅸ", "IX"), ("I\u00adX", "IX"), ("a\u00a0b", "a b"), ("\u0007", "\u0007"), ("pass", "pass")],
)
def test_passwords_are_prepared_as_the_standard_says(typed: str, meant: str) -> None:
    """The first three are examples of RFC 4013, section 3."""
    assert saslprep(typed) == meant


def test_a_password_opens_however_its_letters_were_typed(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    pdf = pymupdf.open(stream=one_page(stream(HELLO)), filetype="pdf")
    pdf.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="IX", owner_pw="other")
    assert len(PdfSource(path, "Ⅸ").page_image(1, 72).words) == 2
    with pytest.raises(NeedsPassword, match="wrong"):
        PdfSource(path, "XI")


@pytest.mark.parametrize("place", ["direct", "indirect"])
def test_attachments_alone_are_encrypted_and_no_password_is_asked_for(
    tmp_path: Path, place: str
) -> None:
    encryption = (
        b"<</Filter/Standard/V 4/R 4/Length 128/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">"
        b"/CF<</StdCF<</CFM/AESV2/Length 16/AuthEvent/EFOpen>>>>"
        b"/StmF/Identity/StrF/Identity/EFF/StdCF>>"
    )
    identity = b"/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]"
    objects = [CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page(), stream(HELLO), encryption]
    path = tmp_path / "a.pdf"
    given = b"/Encrypt 5 0 R" if place == "indirect" else b"/Encrypt" + encryption
    path.write_bytes(assemble(objects, given + identity))
    assert words_of(path) == ["hello", "world"]
    path.write_bytes(path.read_bytes().replace(b"/StmF/Identity", b"/StmF/StdCF   "))
    with pytest.raises(NeedsPassword):
        open_source(path)

"""Metadata of photos: when, where and by what they were taken, as filters; RAW and JPEG XL."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import ExifTags, Image
from typer.testing import CliRunner

from api.cli.main import app
from api.http.app import create_app
from api.http.requests import ImageSearchRequest, SearchRequest
from api.page_search import InvalidSearch, make_filter
from api.rag.query_filters import filter_documents
from api.settings import Settings
from ingest.add import AddSettings, add
from ingest.files.open import open_source
from ingest.files.photo import PhotoSource
from ingest.files.render import RenderSettings, inspect
from ingest.files.source import UnreadableFile
from ingest.filter import PageFilter, distance_km
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import PhotoInfo

OSLO, BERGEN = (59.9139, 10.7522), (60.3913, 5.3221)
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><dc:subject><rdf:Bag><rdf:li>harbour &amp; sea'
    '</rdf:li><rdf:li>Ada</rdf:li></rdf:Bag></dc:subject><rdf:li mwg-rs:Name="Grace Hopper"'
    ' mwg-rs:Type="Face"/></rdf:RDF></x:xmpmeta>'
)


def degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = divmod(abs(value) * 60, 60)
    return whole, float(int(minutes)), (minutes - int(minutes)) * 60


def exif(taken: str = "", spot: tuple[float, float] | None = None) -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Make], made[ExifTags.Base.Model] = "Canon", "Canon EOS 5D\0"
    if taken:
        made.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if spot:
        made.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "S" if spot[0] < 0 else "N",
                ExifTags.GPS.GPSLatitude: degrees(spot[0]),
                ExifTags.GPS.GPSLongitudeRef: "W" if spot[1] < 0 else "E",
                ExifTags.GPS.GPSLongitude: degrees(spot[1]),
            }
        )
    return made


def photo(path: Path, color: str = "red", size: tuple[int, int] = (64, 48), **more: Any) -> Path:
    Image.new("RGB", size, color).save(path, **more)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif"])
@pytest.mark.parametrize("spot", [OSLO, (-33.8688, -151.2093)])
def test_time_place_camera_and_people_of_any_format(
    suffix: str, spot: tuple[float, float], tmp_path: Path
) -> None:
    path = tmp_path / f"a{suffix}"
    xmp = {"xmp": XMP.encode()} if suffix in (".jpg", ".webp") else {}
    photo(path, exif=exif("2024:05:03 10:20:30", spot).tobytes(), **xmp)
    found = inspect(path, RenderSettings()).photo
    assert found
    assert (found.taken, found.camera) == ("2024-05-03T10:20:30", "Canon EOS 5D")
    assert (found.latitude, found.longitude) == pytest.approx(spot, abs=1e-4)
    assert found.tags == (("harbour & sea", "Ada", "Grace Hopper") if xmp else ())


@pytest.mark.parametrize(
    "taken", ["", "0000:00:00 00:00:00", "2024:13:45 10:00:00", "yesterday", "    :  :     :  :  "]
)
def test_times_and_places_that_are_none(taken: str, tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", exif=exif(taken, (0.0, 0.0)).tobytes())
    assert inspect(path, RenderSettings()).photo == PhotoInfo(camera="Canon EOS 5D")
    assert inspect(photo(tmp_path / "b.png"), RenderSettings()).photo is None
    broken = photo(tmp_path / "c.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert inspect(broken, RenderSettings()).photo is None


def test_distances() -> None:
    assert distance_km(OSLO, BERGEN) == pytest.approx(305, abs=2)
    assert distance_km((0, 179.9), (0, -179.9)) == pytest.approx(22.2, abs=0.1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("photos")
    photo(
        folder / "oslo.jpg",
        "red",
        exif=exif("2024:05:03 10:20:30", OSLO).tobytes(),
        xmp=XMP.encode(),
    )
    photo(folder / "bergen.jpg", "blue", exif=exif("2023:01:01 23:59:59", BERGEN).tobytes())
    photo(folder / "none.png", "green")
    home = Home(tmp_path_factory.mktemp("home"))
    list(add(home, [folder], AddSettings(RenderSettings(dpi=40, ocr="none"), workers=1)))
    return home


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ({"taken_since": "2024-05-03"}, {"oslo.jpg"}),
        ({"taken_until": date(2024, 5, 2)}, {"bergen.jpg"}),
        ({"taken_since": "2023-01-01", "taken_until": "2024-12-31"}, {"oslo.jpg", "bergen.jpg"}),
        ({"near": (59.9, 10.8, 20)}, {"oslo.jpg"}),
        ({"near": (60, 8, 400), "taken_until": "2023-12-31"}, {"bergen.jpg"}),
        ({"near": (0, 0, 10)}, set()),
    ],
)
def test_filters(home: Home, conditions: dict[str, Any], names: set[str]) -> None:
    library = Library(home)
    filter = filter_documents(library, None, make_filter(**conditions))
    assert filter.photos is None
    found = {library.document(i).name for i in library.select_documents(filter)}
    assert found == names
    posted = SearchRequest.model_validate_json(
        '{"query": "x", "taken_since": "2024-01-01", "near": [59.9, 10.8, 20]}'
    ).page_filter()
    assert posted.photos == make_filter(taken_since="2024-01-01", near=(59.9, 10.8, 20)).photos


def test_a_search_by_an_image_takes_every_filter(home: Home) -> None:
    fields = set(SearchRequest.model_fields) - {"query", "images"}
    assert fields <= set(ImageSearchRequest.model_fields)
    server = create_app(home, Settings.model_construct(workers=1), hosts={"testserver"})
    with TestClient(server) as client:

        def post(*fields: tuple[str, str]) -> Any:
            form = [(name, (None, value)) for name, value in (("text", "a red square"), *fields)]
            return client.post("/v1/search/image", files=form).json()

        def found(*fields: tuple[str, str]) -> set[str]:
            return {hit["name"] for hit in post(*fields)["hits"]}

        assert found() == {"oslo.jpg", "bergen.jpg", "none.png"}
        assert found(("near", "59.9"), ("near", "10.8"), ("near", "20")) == {"oslo.jpg"}
        assert found(("near", "59.9, 10.8,20")) == {"oslo.jpg"}
        assert found(("taken_until", "2023-12-31")) == {"bergen.jpg"}
        assert post(("taken", "2023-12-31"))["status"] == 422


def test_filters_that_are_none_and_those_not_resolved_are_errors() -> None:
    with pytest.raises(InvalidSearch, match="no place 95,0"):
        make_filter(near=(95, 0, 1))
    with pytest.raises(ValueError, match="not resolved"):
        make_filter(taken_since="2024-01-01").to_sql()
    assert make_filter() == PageFilter()


def test_people_are_tags_and_documents_know_when(home: Home, tmp_path: Path) -> None:
    library = Library(home)
    assert library.document("oslo.jpg").taken == "2024-05-03T10:20:30"
    assert set(library.document("oslo.jpg").tags) == {"Ada", "Grace Hopper", "harbour & sea"}
    assert library.document("none.png").taken == ""
    options = ["--near", "59.9,10.8,20", "--images", "--all", "--json", "--home", str(home.root)]
    result = CliRunner().invoke(app, ["search", "a colour", *options])
    assert [line.count("oslo.jpg") > 0 for line in result.stdout.splitlines()] == [True]
    assert "59.9" not in result.stdout
    wrong = CliRunner().invoke(app, ["search", "x", "--near", "Oslo", "--home", str(home.root)])
    assert wrong.exit_code == 2


def test_a_library_of_an_older_version_has_no_photos(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    writer = LibraryWriter(home)
    writer._db.execute("DROP TABLE photos")
    assert Library(home).photos() == {}


# --- other formats


def test_the_preview_of_a_raw_file_is_read_upright(tmp_path: Path) -> None:
    small, large = tmp_path / "s.jpg", tmp_path / "l.jpg"
    turned = exif("2024:05:03 10:20:30")
    turned[ExifTags.Base.Orientation] = 6
    photo(small, size=(160, 120))
    photo(large, size=(800, 600), exif=turned.tobytes())
    data = b"II*\0" + bytes(60) + small.read_bytes() + large.read_bytes() + bytes(5000)
    path = tmp_path / "a.NEF"
    path.write_bytes(data)
    source = open_source(path)
    assert isinstance(source, PhotoSource)
    assert source.page_image(1, 72).image.size == (600, 800)
    assert inspect(path, RenderSettings()).photo == PhotoInfo(
        "2024-05-03T10:20:30", camera="Canon EOS 5D"
    )
    (tmp_path / "d.cr3").write_bytes(b"\0\0\0\x18ftypcrx " + bytes(16) + large.read_bytes())
    assert open_source(tmp_path / "d.cr3").page_image(1, 72).image.size == (600, 800)
    for name, content in (("b.cr2", b"II*\0" + small.read_bytes()), ("c.dng", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableFile, match=name):
            open_source(tmp_path / name)


def test_jpeg_xl(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jxl", size=(60, 40))
    assert open_source(path).page_image(1, 72).image.size == (60, 40)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UnreadableFile, match=r"a\.jxl"):
        open_source(path).page_image(1, 72)

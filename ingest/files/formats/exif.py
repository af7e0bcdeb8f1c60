"""Metadata of photos: time, place and camera from EXIF, people from XMP."""

from __future__ import annotations

import math
import re
from datetime import datetime
from html import unescape
from typing import Any

from PIL import ExifTags, Image

from ingest.page import PhotoInfo

MAX_XMP = 2_000_000
"""Bytes of XMP that are looked at."""
MAX_TAGS = 50
MAX_TAG = 100
"""Characters of a keyword or name."""
_SUBJECTS = re.compile(r"<dc:subject>(.*?)</dc:subject>", re.DOTALL)
_ITEM = re.compile(r"<rdf:li[^>]*>([^<]+)</rdf:li>")
_PEOPLE = re.compile(
    r"(?:mwg-rs:Name|MPReg:PersonDisplayName)(?:=\"([^\"]+)\"|=\'([^\']+)\'|>([^<]+)<)"
)


def read_photo_info(image: Image.Image) -> PhotoInfo | None:
    """Metadata of an image; None where there are none. Damaged parts are left out."""
    try:
        exif = image.getexif()
        main, detail = dict(exif), exif.get_ifd(ExifTags.IFD.Exif)
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # a damaged block of metadata costs nothing but itself
        main, detail, place = {}, {}, {}
    xmp = image.info.get("xmp") or b""
    text = xmp[:MAX_XMP].decode("utf-8", "replace") if isinstance(xmp, bytes) else ""
    spot = _spot(place)
    found = PhotoInfo(
        taken=_moment(detail.get(ExifTags.Base.DateTimeOriginal))
        or _moment(main.get(ExifTags.Base.DateTime)),
        latitude=spot[0] if spot else None,
        longitude=spot[1] if spot else None,
        camera=_camera(main),
        tags=_tags(text),
    )
    return found if found != PhotoInfo() else None


def _moment(value: Any) -> str:
    """EXIF time as YYYY-MM-DDTHH:MM:SS, where the camera was; empty for none."""
    try:
        return datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return ""


def _spot(place: Any) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None where they are none."""
    try:
        across = [
            _degrees(place[key]) for key in (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude)
        ]
        south = str(place.get(ExifTags.GPS.GPSLatitudeRef, "N")).upper().startswith("S")
        west = str(place.get(ExifTags.GPS.GPSLongitudeRef, "E")).upper().startswith("W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    latitude, longitude = -across[0] if south else across[0], -across[1] if west else across[1]
    if not (math.isfinite(latitude + longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    # Cameras without a fix write zeros.
    return None if latitude == longitude == 0 else (latitude, longitude)


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = map(float, parts)
    return degrees + minutes / 60 + seconds / 3600


def _camera(main: dict[int, Any]) -> str:
    """Maker and model, the maker once."""
    maker, model = (
        "".join(c for c in str(main.get(key, "")) if c.isprintable()).strip()[:MAX_TAG]
        for key in (ExifTags.Base.Make, ExifTags.Base.Model)
    )
    return model if model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()


def _tags(xmp: str) -> tuple[str, ...]:
    """Keywords and names of people, each once."""
    words = [item for block in _SUBJECTS.findall(xmp) for item in _ITEM.findall(block)]
    words += [next(filter(None, found)) for found in _PEOPLE.findall(xmp)]
    clean = (
        " ".join("".join(c for c in unescape(word) if c.isprintable()).split())[:MAX_TAG]
        for word in words
    )
    return tuple(dict.fromkeys(filter(None, clean)))[:MAX_TAGS]

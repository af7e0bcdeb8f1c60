"""Media sniffer: the container and the media type of a file, by its first bytes.

FFmpeg is told the container and guesses none: among those it would guess are playlists,
which name other files and addresses.
"""

from __future__ import annotations

from pathlib import Path

_STILL_BRANDS = (
    *(b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
    *(b"avif", b"avis", b"jp2 ", b"jpx ", b"jpm ", b"jxl ", b"crx "),
)
"""Brands of ISO base media files that are images; "crx " is Canon's RAW format CR3."""
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""Atoms that a QuickTime file without `ftyp` begins with."""
_MAGIC = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"FLV\x01", "flv"),
    (b"OggS", "ogg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\0\0\x01\xba", "mpeg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
    (b"#!AMR", "amr"),
)
HEAD = 4_096
"""First bytes of a file, which tell its container."""
_TS_PACKET = 188
_MEDIA_TYPES = {
    "mov": "video/mp4",
    "avi": "video/avi",
    "flv": "video/x-flv",
    "asf": "video/wmv",
    "mpeg": "video/mpeg",
    "ogg": "audio/ogg",
    **{name: f"audio/{name}" for name in ("wav", "mp3", "aac", "flac")},
}
"""Media types that providers know, by FFmpeg's name of the container."""


def sniff_media(head: bytes) -> str:
    r"""FFmpeg's name of a container; empty for a file that is none that is read.

    >>> sniff_media(b"\0\0\0\x20ftypisom"), sniff_media(b"\0\0\0\x18ftypheic")
    ('mov', '')
    """
    if head[4:8] == b"ftyp":
        return "" if head[8:12] in _STILL_BRANDS else "mov"
    if head[4:8] in _ATOMS and min(head[:4]) < 9:  # not a text with such a word
        return "mov"
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12], "")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if len(head) > 2 * _TS_PACKET and head[0] == head[_TS_PACKET] == head[2 * _TS_PACKET] == 0x47:
        return "mpegts"
    return _sniff_frames(head)


def may_be_animated(head: bytes) -> bool:
    """Whether first bytes are those of a GIF, WebP or PNG."""
    return head.startswith((b"GIF8", b"RIFF", b"\x89PNG"))


def read_head(path: Path) -> bytes:
    """First bytes of a file, for `sniff_media` and its like. Raises OSError."""
    with path.open("rb") as file:
        return file.read(HEAD)


def mime_type(head: bytes) -> str:
    r"""Media type (RFC 6838) of a video, a sound file or a PDF; empty for others.

    >>> mime_type(b"\0\0\0\x20ftypisom"), mime_type(b"%PDF-1.7")
    ('video/mp4', 'application/pdf')
    """
    container = sniff_media(head)
    if container == "matroska":
        return "video/webm" if b"webm" in head[:64] else ""
    if container == "mov" and head[8:11] == b"M4A":
        return "audio/aac"
    if container:
        return _MEDIA_TYPES.get(container, "")
    return "application/pdf" if b"%PDF-" in head[:1024] else ""


def _sniff_frames(head: bytes) -> str:
    """MP3 and AAC without a header begin with the sync bits of a frame."""
    if len(head) < 4 or head[0] != 0xFF:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    # MPEG audio, layer III; neither the bit rate nor the sample rate is the invalid one.
    is_layer3 = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08
    return "mp3" if is_layer3 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C else ""

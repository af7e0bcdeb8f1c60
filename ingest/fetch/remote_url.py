"""Remote URLs: those of files, folders and buckets, told from paths."""

from __future__ import annotations

from urllib.parse import urlsplit

from ingest.fetch.fetch_policy import is_url

SCHEMES = (
    *("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"),
    *("sftp", "ssh", "ftp", "smb", "hdfs", "webhdfs"),
)


def is_bucket_url(source: object) -> bool:
    """Whether a source is a URL that fsspec lists, such as s3://BUCKET/PREFIX.

    >>> is_bucket_url("s3://papers/2024"), is_bucket_url("https://a.org/"), is_bucket_url("a/b")
    (True, False, False)
    """
    return isinstance(source, str) and source.strip().lower().partition("://")[0] in SCHEMES


def is_web_folder(source: object) -> bool:
    """Whether a source is the URL of a folder: it ends in a slash.

    >>> is_web_folder("https://example.org/papers/"), is_web_folder("https://example.org/a.pdf")
    (True, False)
    """
    if not isinstance(source, str) or len(source.split()) != 1:
        return False
    url = source.strip().lower()
    return url.startswith(("http://", "https://")) and urlsplit(url).path.endswith("/")


def is_remote_folder(source: object) -> bool:
    """Whether a source is the URL of a folder or bucket."""
    return is_bucket_url(source) or is_web_folder(source)


def is_remote(source: object) -> bool:
    """Whether a source is the URL of a file, folder or bucket, and no path."""
    return is_url(source) or is_bucket_url(source)

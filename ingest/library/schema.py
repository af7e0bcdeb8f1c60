"""SQL schema of the library and its formats."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
    page_count INTEGER NOT NULL, byte_size INTEGER NOT NULL, revision TEXT NOT NULL,
    added_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE names (
    path BLOB PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX names_by_document ON names(document_id);
CREATE TABLE pages (
    row INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    source TEXT NOT NULL, figures TEXT NOT NULL, words BLOB NOT NULL,
    UNIQUE (document_id, number)
);
CREATE TABLE failures (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL, remedy TEXT NOT NULL, failed_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE unfinished (document_id TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO meta VALUES ('generation', 0);
"""
TAGS = """
CREATE TABLE labels (position INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE tags (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    tag TEXT NOT NULL, probability REAL NOT NULL, PRIMARY KEY (document_id, number, tag)
) WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags(tag);
CREATE TABLE tagged (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE
) WITHOUT ROWID;
"""
"""New in format 2."""
CAPTIONS = """
CREATE TABLE captioner (name TEXT NOT NULL);
CREATE TABLE captions (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    figure INTEGER NOT NULL, text TEXT NOT NULL, model TEXT NOT NULL,
    PRIMARY KEY (document_id, number, figure)
) WITHOUT ROWID;
CREATE TABLE recaptioned (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE
) WITHOUT ROWID;
"""
"""New in format 3. `figure` counts a page's figures from 0."""
NOTES = """
CREATE TABLE notes (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    note TEXT NOT NULL, PRIMARY KEY (document_id, number)
) WITHOUT ROWID;
"""
"""New in format 4: what of a page could not be read."""

CONTENTS = """
CREATE TABLE attachments (
    parent_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, name TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    PRIMARY KEY (parent_id, name)
) WITHOUT ROWID;
CREATE INDEX attachments_by_document ON attachments(document_id);
CREATE TABLE unopened (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE page_labels (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    label TEXT NOT NULL, PRIMARY KEY (document_id, number)
) WITHOUT ROWID;
"""
"""New in format 5: files attached to PDFs, the PDFs whose attachments were not read yet, and
printed page labels that are not the page's number."""
TERMS = """
DROP TABLE IF EXISTS terms;
CREATE VIRTUAL TABLE terms USING fts5(
    title, body, forms, tokenize = "porter ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{|}~'"
);
"""
"""New in format 5: `ingest.forms` splits and folds, and gives a column of second and whole forms.
SQLite splits at spaces alone. The rows are made from the stored words."""

GIVEN = """
CREATE TABLE IF NOT EXISTS document_tags (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, tag TEXT NOT NULL,
    PRIMARY KEY (document_id, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document_titles (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE, title TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS title_sources (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE, source TEXT NOT NULL
) WITHOUT ROWID;
"""
"""Tags and titles that users gave documents, and where titles that were found are from. Made
where they are missing, without a new format."""

PHOTOS = """
CREATE TABLE IF NOT EXISTS photos (
    document_id TEXT PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE, taken TEXT NOT NULL,
    latitude REAL, longitude REAL, camera TEXT NOT NULL
) WITHOUT ROWID;
"""
"""Time, place and camera of photos. Made where it is missing, without a new format."""

REMOVALS = """
CREATE TABLE IF NOT EXISTS removals (
    path_hash BLOB PRIMARY KEY, document_id TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS removals_by_document ON removals(document_id);
"""
"""Files that an ingest of their folder leaves out, since their documents were removed. Of a path
nothing but its hash is kept. Only writers read it: it is made where it is missing."""

SHOTS = """
CREATE TABLE IF NOT EXISTS shots (
    document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    start_s REAL NOT NULL, end_s REAL NOT NULL, PRIMARY KEY (document_id, number)
) WITHOUT ROWID;
"""
"""Time of pages that are shots of a video or parts of a recording, in seconds. Made where it is
missing, without a new format."""

REMOTE_FILES = """
CREATE TABLE IF NOT EXISTS remote_files (
    place_hash TEXT PRIMARY KEY, validator TEXT NOT NULL
) WITHOUT ROWID;
"""
"""What tells whether a remote file has changed: its ETag, or size and time. Made where it is
missing, without a new format."""

FORMAT = 5
"""What `PRAGMA user_version` says of a library of this version."""
UPGRADES = {
    0: TABLES + TAGS + CAPTIONS + NOTES + TERMS + CONTENTS,
    1: TAGS + CAPTIONS + NOTES + TERMS + CONTENTS,
    2: CAPTIONS + NOTES + TERMS + CONTENTS,
    3: NOTES + TERMS + CONTENTS,
    4: TERMS + CONTENTS,
}
"""By format, the statements that bring a library up to `FORMAT`; 0 is an empty database."""

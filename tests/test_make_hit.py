from ingest.library.library import Library
from retrieval.make_hit import make_hit


def test_a_hit_has_what_the_library_says_of_its_page(sample_home):
    library = Library(sample_home)
    documents = {document.id: document for document in library.documents()}
    for record in library.page_records():
        hit = make_hit(record, library)
        document = documents[record.page.document_id]
        assert (hit.kind, hit.revision) == (document.kind, document.revision)
        assert (hit.width, hit.height) == (record.width, record.height)
        assert (
            hit.note == dict(document.notes).get(record.page.number, "") == library.note(hit.page)
        )
        assert hit.caption == " ".join(each.text for each in library.captions(record.page))


def test_a_page_without_captions_is_one_query(sample_home):
    library = Library(sample_home)
    record = library.page_records()[0]
    queries: list[str] = []
    library._db.set_trace_callback(queries.append)
    make_hit(record, library)
    library._db.set_trace_callback(None)
    assert len(queries) == 1

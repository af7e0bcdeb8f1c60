from ingest.index.vector_file import DocumentVectors
from retrieval.search import Searcher


def test_a_page_is_read_once_for_the_regions_of_several_searches(sample_home, monkeypatch):
    searcher = Searcher(sample_home)
    read: list[int] = []
    page = DocumentVectors.stored_page

    def counted(vectors: DocumentVectors, number: int):
        if len(vectors.vectors) > 100:  # photos have a row for each part
            read.append(number)
        return page(vectors, number)

    monkeypatch.setattr(DocumentVectors, "stored_page", counted)
    first = searcher.search("How many steps lead to the lamp?")
    once = len(read)
    assert once
    assert searcher.search("How many steps lead to the lamp?") == first
    assert len(read) == once
    searcher.close()


def test_what_is_kept_gives_the_regions_of_pages_read_anew(sample_home):
    warm, cold = Searcher(sample_home), Searcher(sample_home)
    cold._regions._placed.most = 0
    for query in ("opening hours in winter", "What does a ticket cost?", "a red bicycle"):
        warm.search(query)
        assert warm.search(query) == cold.search(query)
    assert warm._regions._placed.used > 0 == cold._regions._placed.used
    warm.close()
    cold.close()

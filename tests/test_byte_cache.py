from concurrent.futures import ThreadPoolExecutor

from ingest.caches.byte_cache import ByteCache


def test_the_least_recently_used_is_dropped():
    cache = ByteCache[str](most=10)
    cache.put("a", "one", 4)
    cache.put("b", "two", 4)
    assert cache.get("a") == "one"
    cache.put("c", "three", 4)
    assert [cache.get(key) for key in "abc"] == ["one", None, "three"]
    assert cache.used == 8


def test_a_value_replaced_is_counted_once():
    cache = ByteCache[str](most=10)
    cache.put("a", "one", 4)
    cache.put("a", "other", 6)
    assert (cache.get("a"), cache.used) == ("other", 6)


def test_a_value_beyond_the_bound_is_returned_and_not_kept():
    cache = ByteCache[str](most=10)
    cache.put("a", "one", 4)
    assert cache.put("b", "large", 11) == "large"
    assert (cache.get("a"), cache.get("b"), cache.used) == ("one", None, 4)


def test_threads_leave_it_within_its_bound():
    cache = ByteCache[int](most=100)
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda i: cache.put(i % 37, i, i % 13) + (cache.get(i % 11) or 0), range(5_000)
            )
        )
    held = [key for key in range(37) if cache.get(key) is not None]
    assert 0 < cache.used <= 100
    assert held

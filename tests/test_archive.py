"""A zip that is made while it is sent."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile

from openrouter_site.archive import zipped


def test_files_come_out_as_they_went_in():
    files = [("a.txt", ["one", " two"]), ("empty.csv", []), ("b.txt", iter(["ü"]))]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(files)))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "empty.csv", "b.txt"]
        assert archive.read("a.txt") == b"one two"
        assert archive.read("empty.csv") == b""
        assert archive.read("b.txt").decode() == "ü"


def test_a_large_file_costs_little_memory_and_leaves_in_pieces():
    rng = random.Random(1)

    def lines():
        for _ in range(400):
            yield rng.randbytes(32 * 1024).hex()

    tracemalloc.start()
    sizes = [len(piece) for piece in zipped([("large.txt", lines())])]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) > 10 * 1024 * 1024
    assert max(sizes) < 512 * 1024
    assert peak < 4 * 1024 * 1024

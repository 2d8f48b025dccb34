"""What a first start makes: once, whoever comes first."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from openrouter_site.environment import keep_once


def test_those_who_start_together_keep_one_text(tmp_path):
    path = tmp_path / "new" / "secret_key"
    together = Barrier(8)

    def keep(number):
        together.wait()
        return keep_once(path, f"text {number}")

    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(keep, range(8)))
    assert kept == {path.read_text()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]

"""Cell: who loads, who waits, and what is served meanwhile."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from openrouter_site.cell import Cell, CellMap

ALWAYS_S = 1000.0


class Source:
    """What a cell loads: 1, 2, 3, ...; `fail` to make it raise, `gate` to keep it waiting."""

    def __init__(self):
        self.loads = 0
        self.running = 0
        self.fail = None
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def __call__(self, name=None):
        with self._lock:
            self.running += 1
            assert self.running == 1, "two loads at a time"
        try:
            assert self.gate.wait(10)
            if self.fail is not None:
                raise self.fail
            self.loads += 1
            return self.loads if name is None else f"{name}{self.loads}"
        finally:
            with self._lock:
                self.running -= 1


@pytest.fixture
def source():
    return Source()


def expired(source, **served):
    """A cell with the value 1, which is not fresh any more."""
    cell = Cell(source, ttl_s=0.0, **({"stale_s": 0.0, "stale_if_error_s": 0.0} | served))
    cell.refresh()
    assert (cell.fresh(), cell.peek()) == (None, 1)
    return cell


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


def test_a_fresh_value_is_not_loaded_again(source):
    cell = Cell(source, ttl_s=ALWAYS_S)
    assert cell.peek() is None and cell.fresh() is None

    async def story():
        assert await cell.get() == await cell.get() == 1

    asyncio.run(story())
    assert cell.get_blocking() == cell.fresh() == cell.peek() == 1
    assert source.loads == 1


def test_a_value_is_loaded_anew_when_it_is_too_old(source):
    cell = expired(source)

    async def story():
        assert await cell.get() == 2
        assert await cell.get() == 3

    asyncio.run(story())
    assert cell.get_blocking() == 4


def test_all_who_ask_at_once_wait_for_one_load(source):
    cell = Cell(source, ttl_s=ALWAYS_S)
    source.gate.clear()

    async def story():
        asking = [asyncio.create_task(cell.get()) for _ in range(50)]
        await asyncio.sleep(0.01)
        source.gate.set()
        assert await asyncio.gather(*asking) == [1] * 50

    asyncio.run(story())
    assert source.loads == 1


def test_threads_that_ask_at_once_cause_one_load(source):
    cell = Cell(source, ttl_s=ALWAYS_S)
    source.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        asking = [pool.submit(cell.get_blocking) for _ in range(20)]
        source.gate.set()
        assert [each.result() for each in asking] == [1] * 20
    assert source.loads == 1


def test_refresh_loads_even_what_is_fresh(source):
    cell = Cell(source, ttl_s=ALWAYS_S)
    assert [cell.refresh(), cell.refresh(), cell.fresh()] == [1, 2, 2]


def test_a_stale_value_is_served_while_its_successor_loads(source):
    cell = expired(source, stale_s=ALWAYS_S)
    source.gate.clear()

    async def story():
        assert [await cell.get() for _ in range(5)] == [1] * 5
        source.gate.set()
        await until(lambda: source.loads == 2)
        await until(lambda: cell.peek() == 2)
        assert source.loads == 2  # five asked, one load

    asyncio.run(story())


def test_a_failure_behind_a_stale_value_disturbs_nobody(source):
    cell = expired(source, stale_s=ALWAYS_S)
    source.fail = OSError("the database is away")

    async def story():
        for _ in range(5):
            assert await cell.get() == 1
            await asyncio.sleep(0.01)
        source.fail = None
        await cell.get()
        await until(lambda: cell.peek() == 2)

    asyncio.run(story())


def test_a_stale_value_is_served_when_loading_fails(source):
    cell = expired(source, stale_if_error_s=ALWAYS_S)
    source.fail = OSError("the database is away")
    assert asyncio.run(cell.get()) == 1
    assert cell.get_blocking() == 1
    source.fail = None
    assert asyncio.run(cell.get()) == 2


@pytest.mark.parametrize("loaded_before", [False, True])
def test_the_error_is_raised_when_there_is_nothing_to_serve(source, loaded_before):
    cell = expired(source) if loaded_before else Cell(source, ttl_s=ALWAYS_S)
    source.fail = OSError("the database is away")

    async def story():
        results = await asyncio.gather(*(cell.get() for _ in range(3)), return_exceptions=True)
        assert [str(each) for each in results] == ["the database is away"] * 3

    asyncio.run(story())
    with pytest.raises(OSError, match="the database is away"):
        cell.get_blocking()
    with pytest.raises(OSError, match="the database is away"):
        cell.refresh()
    source.fail = None
    assert asyncio.run(cell.get()) >= 1


def test_who_is_cancelled_does_not_stop_the_load_for_the_others(source):
    cell = Cell(source, ttl_s=ALWAYS_S)
    source.gate.clear()

    async def story():
        alice, bob = (asyncio.create_task(cell.get()) for _ in range(2))
        await asyncio.sleep(0.01)
        alice.cancel()
        with pytest.raises(asyncio.CancelledError):
            await alice
        source.gate.set()
        assert await bob == 1

    asyncio.run(story())
    assert source.loads == 1


# --- CellMap -------------------------------------------------------------------------------------


def cells(source, size=3):
    return CellMap(source, ttl_s=ALWAYS_S, size=size)


def test_names_have_values_of_their_own(source):
    made = cells(source)
    assert asyncio.run(made.get("a")) == "a1"
    assert made.get_blocking("b") == "b2"
    assert (made.fresh("a"), made.fresh("b"), made.fresh("c")) == ("a1", "b2", None)
    assert made.cell("a") is made.cell("a")


def test_the_oldest_leaves_when_there_are_too_many(source):
    made = cells(source)
    for name in "abcd":
        made.get_blocking(name)
    assert [made.fresh(name) for name in "abcd"] == [None, "b2", "c3", "d4"]
    for number in range(1000):
        made.get_blocking(str(number))
    assert len(made._cells) == 3


def test_a_name_that_failed_does_not_fail_for_ever(source):
    made = cells(source)
    source.fail = LookupError("nobody")
    with pytest.raises(LookupError):
        made.get_blocking("a")
    source.fail = None
    assert made.get_blocking("a") == "a1"


def test_forgotten_names_are_loaded_again(source):
    made = cells(source)
    for name in "ab":
        made.get_blocking(name)
    made.forget("a")
    made.forget("unknown")
    assert (made.fresh("a"), made.fresh("b")) == (None, "b2")
    made.clear()
    assert made.fresh("b") is None
    assert made.get_blocking("b") == "b3"

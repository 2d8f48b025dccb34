from __future__ import annotations

import json
from datetime import timedelta

import pytest
from activity_builders import DAY, HOUR, NOW, generation, record

from activity.filters import Filter
from activity.requests import Cursor, page
from activity.scope import Scope

pytestmark = pytest.mark.django_db


def ids(found):
    return [each.id for each in found.requests]


def matching(person, **wanted):
    return {int(id[-1]) for id in ids(page(person.scope, Filter(**wanted)))}


@pytest.fixture
def requests(alice):
    """Five, each with something of its own."""
    record(
        generation(alice, NOW, 0, id="gen-1", model="m/one", cost_nano=50),
        generation(alice, NOW - HOUR, 1, id="gen-2", provider_name="Together", streamed=False),
        generation(alice, NOW - DAY, None, id="gen-3", finish_reason="error", cancelled=True),
        generation(alice, NOW - 2 * DAY, 0, id="gen-4", cancelled=True, app_title="cli"),
        generation(alice, NOW - 3 * DAY, 0, id="gen-5", is_byok=True, app_referer="http://a/"),
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {1, 2, 3, 4, 5}),
        ({"model": "m/one"}, {1}),
        ({"model": "m/two"}, set()),
        ({"provider": "Together"}, {2}),
        ({"key_id": 0}, {3}),
        ({"app": ("", "cli")}, {4}),
        ({"app": ("http://a/", "")}, {5}),
        ({"app": ("", "")}, {1, 2, 3}),
        ({"status": "ok"}, {1, 2, 5}),
        ({"status": "error"}, {3}),
        ({"status": "cancelled"}, {4}),
        ({"streamed": True}, {1, 3, 4, 5}),
        ({"streamed": False}, {2}),
        ({"own_key": True}, {5}),
        ({"own_key": False}, {1, 2, 3, 4}),
        ({"cost_min_nano": 51}, {2, 3, 4, 5}),
        ({"cost_min_nano": 10**30}, set()),
        ({"generation_id": "gen-3"}, {3}),
        ({"begin": NOW - DAY, "end": NOW}, {2, 3}),
        ({"streamed": True, "status": "ok", "cost_min_nano": 51}, {5}),
        ({"key_id": 10**30}, set()),
        ({"model": "m/one\0"}, set()),
        ({"app": ("\0", "")}, set()),
        ({"generation_id": "\ud800"}, set()),
    ],
)
def test_all_that_a_filter_names_must_be_true(alice, requests, wanted, found):
    assert matching(alice, **wanted) == found


def test_a_key_shows_its_own_requests(alice, requests):
    assert matching(alice, key_id=alice.key_ids[1]) == {2}


def test_an_unknown_status_is_refused_with_those_that_exist(alice):
    with pytest.raises(ValueError, match="ok, error, cancelled"):
        page(alice.scope, Filter(status="fine"))


def test_pages_go_through_everything_once_and_back(alice):
    # Two at the same moment at the end of a page, and whole seconds.
    moments = [NOW, NOW, NOW, NOW - timedelta(microseconds=1), NOW - HOUR, NOW - HOUR, NOW - DAY]
    record(*(generation(alice, at, id=f"gen-{n}") for n, at in enumerate(moments)))
    every = ids(page(alice.scope, Filter()))
    assert every == ["gen-2", "gen-1", "gen-0", "gen-3", "gen-5", "gen-4", "gen-6"]
    for size in (1, 2, 3, 7):
        seen, found = [], page(alice.scope, Filter(), size=size)
        assert found.newer is None
        pages = [ids(found)]
        while found.older:
            found = page(alice.scope, Filter(), after=Cursor.parse(str(found.older)), size=size)
            pages.append(ids(found))
        for each in pages:
            seen += each
        assert seen == every
        back = [ids(found)]
        while found.newer:
            found = page(alice.scope, Filter(), before=found.newer, size=size)
            if found.requests:
                back.append(ids(found))
        assert back[::-1] == pages


@pytest.mark.parametrize(
    "text", ["", "5", "x-gen-1", "-1-gen", "1-", "9" * 30 + "-gen", "1-\0", "١-a"]
)
def test_a_place_in_the_list_that_no_page_gave_is_refused(text):
    with pytest.raises(ValueError, match="begin anew"):
        Cursor.parse(text)


def test_a_request_tells_whom_it_asked_and_how_fast_the_answer_came(alice):
    tried = [
        {"model": "m/one", "provider": "Together", "status": 503, "ms": 400, "error": "busy"},
        {"model": "m/one", "provider": "Together", "status": 503, "ms": 100, "error": "busy"},
        {"model": "m/one", "provider": "Fireworks", "status": 200, "ms": 300},
    ]
    record(
        generation(
            alice, attempts=json.dumps(tried), provider_name="Fireworks", latency_ms=300,
            generation_time_ms=1_500, native_tokens_completion=25, app_title="cli",
        )
    )  # fmt: skip
    [request] = page(alice.scope, Filter()).requests
    assert request.providers == ("Together", "Fireworks")
    assert request.tokens_per_second == 25
    assert (request.key_name, request.app, request.status) == ("alice's key 1", "cli", "ok")


@pytest.mark.parametrize("attempts", ["", "{}", "[1, null]", "nonsense", "[{}]"])
def test_attempts_that_cannot_be_read_leave_the_row_readable(alice, attempts):
    record(generation(alice, attempts=attempts, generation_time_ms=None))
    [request] = page(alice.scope, Filter()).requests
    assert request.providers in (("OpenAI",), ("",))
    assert request.tokens_per_second is None


def test_a_page_is_one_query(alice, django_assert_num_queries):
    record(*(generation(alice, NOW - n * HOUR, n % 2) for n in range(30)))
    with django_assert_num_queries(1):
        found = page(alice.scope, Filter(), size=20)
    assert (len(found.requests), found.older is not None) == (20, True)


def test_others_see_nothing_and_members_their_keys_only(alice, bob, requests):
    assert matching(bob) == set()
    assert matching(bob, generation_id="gen-1") == set()
    member = Scope(alice.user_id, frozenset(alice.key_ids[1:]))
    assert ids(page(member, Filter())) == ["gen-2"]
    assert ids(page(member, Filter(key_id=alice.key_ids[0]))) == []

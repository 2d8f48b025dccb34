"""What is chosen decides what is found; each count says what one finds when one clicks there."""

from __future__ import annotations

from any_models import CHOICES, MODELS
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_builders import endpoint, model, provider

from explore.listing.choice import COMPARED_MAX, Choice, read
from explore.listing.facets import FACETS
from explore.listing.families import families
from explore.listing.index import ModelIndex, ways_out


def index_of(*entries):
    return ModelIndex({each.id: each for each in entries})


def ids(index, choice):
    return {each.id for found in index.found(index.matching(choice)) for each in found.models}


def has(one, facet, values, models):
    """Said once more, plainly: whether a model has what is chosen of a facet."""
    own = set(facet.values(one, models))
    return bool(own & set(values)) if facet.is_any else own >= set(values)


@settings(deadline=None)
@given(CHOICES)
def test_counts_are_what_one_finds_when_clicking(made):
    index, choice = made
    now = index.count(index.matching(choice))
    for facet, options in index.options(choice).items():
        for option in options:
            if option.is_chosen:
                continue
            clicked = index.count(index.matching(choice.with_value(facet, option.value)))
            assert clicked == (now + option.count if option.adds else option.count)


@settings(deadline=None)
@given(CHOICES)
def test_a_chosen_option_counts_those_of_the_found_that_have_it(made):
    index, choice = made
    models = {each.id: each for family in index.families for each in family.models}
    rows = index.found(index.matching(choice))
    for facet in FACETS:
        for option in index.options(choice)[facet.name]:
            having = [
                row
                for row in rows
                if any(has(m, facet, [option.value], models) for m in row.models)
            ]
            if option.is_chosen:
                assert option.count == len(having)


@settings(deadline=None)
@given(CHOICES)
def test_found_are_the_models_that_have_all_of_it(made):
    index, choice = made
    models = {each.id: each for family in index.families for each in family.models}
    wanted = {
        id
        for id, each in models.items()
        if all(word in f"{id} {each.name}".casefold() for word in choice.words)
        and all(
            has(each, facet, values, models)
            for facet in FACETS
            if (values := choice.values(facet.name))
        )
    }
    assert ids(index, choice) == wanted
    assert index.count(index.matching(choice)) == len(index.found(index.matching(choice)))


@settings(deadline=None)
@given(MODELS)
def test_each_model_is_in_one_family_and_variants_come_after_it(catalog):
    made = families(catalog.values())
    assert sorted(each.id for family in made for each in family.models) == sorted(catalog)
    for family in made:
        assert {each.base_id or each.id for each in family.models} == {family.id}
        assert all(each.variant for each in family.models[1:])


@settings(deadline=None)
@given(CHOICES)
def test_ways_out_lead_to_models_by_giving_up_one_thing(made):
    index, choice = made
    ways = ways_out(index, choice)
    for way in ways:
        assert way.count == index.count(index.matching(way.choice)) > 0
        given_up = len({facet for facet, _ in choice.chosen if facet}) and set(choice.chosen) - set(
            way.choice.chosen
        )
        if way.choice.text == choice.text:
            assert len({facet for facet, _ in given_up}) == 1
        else:
            assert not given_up and not way.choice.text
    assert [way.count for way in ways] == sorted((way.count for way in ways), reverse=True)


@settings(deadline=None)
@given(CHOICES)
def test_address_says_all_that_is_chosen(made):
    index, choice = made
    models = {each.id: each for family in index.families for each in family.models}
    query = {}
    for name, value in choice.pairs:
        query.setdefault(name, []).append(value)
    again = read(query, index.labels, models)
    assert set(again.chosen) == set(choice.chosen)
    assert (again.text, again.sort, again.view, again.page, again.compared) == (
        choice.text, choice.sort, choice.view, choice.page, choice.compared,
    )  # fmt: skip


NAMES = ["q", "sort", "view", "page", "m", *(facet.name for facet in FACETS)]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=120), max_size=3)))
def test_any_address_is_read(query):
    index = index_of(model(endpoint(1), id="a/b"))
    choice = read(query, index.labels, {"a/b": None})
    assert len(choice.text) <= 100 and choice.page >= 1
    index.options(choice)
    index.found(index.matching(choice))


def test_what_does_not_exist_is_not_chosen():
    index = index_of(model(endpoint(1), id="a/b"))
    query = {"price": ["cheap", "middle"], "provider": ["nobody"], "m": ["x/y", "a/b", "a/b"],
             "sort": ["worst"], "view": ["3d"], "page": ["-1"]}  # fmt: skip
    choice = read(query, index.labels, {"a/b": None})
    assert choice == Choice(chosen=(("price", "middle"),), compared=("a/b",))


def test_no_more_are_compared_than_fit():
    known = {f"a/{number}": None for number in range(9)}
    assert len(read({"m": list(known)}, ModelIndex({}).labels, known).compared) == COMPARED_MAX


def test_words_are_all_in_the_id_or_the_name():
    index = index_of(model(id="meta/llama-3-70b", name="Llama 3 70B"), model(id="meta/llama-3-8b"))
    assert ids(index, Choice(text="LLAMA 70b")) == {"meta/llama-3-70b"}
    assert ids(index, Choice(text="llama gpt")) == set()


def test_who_wants_no_training_and_no_log_finds_one_provider_that_does_both():
    logs = provider("Logs", may_train=False, retains_prompts=True)
    both = provider("Both", may_train=False, retains_prompts=False)
    index = index_of(model(endpoint(1, logs), id="a/logs"), model(endpoint(2, both), id="a/both"))
    choice = Choice(chosen=(("policy", "no-training"),))
    assert ids(index, choice) == {"a/logs", "a/both"}
    assert ids(index, choice.with_value("policy", "no-logging")) == {"a/both"}


def test_a_router_keeps_to_a_policy_if_a_candidate_does():
    honest = model(endpoint(1, provider(may_train=False)), id="a/honest")
    index = index_of(
        honest, model(id="x/auto", kind="router", routes_to=("a/honest", "gone/model"))
    )
    assert "x/auto" in ids(index, Choice(chosen=(("policy", "no-training"),)))


def test_only_models_with_a_price_of_tokens_are_free():
    shape = model(endpoint(1, prompt=0, completion=0), id="a/shape", kind="media",
                  media_pricing={"usd": "0.01", "unit": "32 steps"})  # fmt: skip
    auto = model(id="x/auto", kind="router")
    free = model(endpoint(2, prompt=0, completion=0), id="a/free")
    index = index_of(shape, auto, free)
    assert ids(index, Choice(chosen=(("price", "free"),))) == {"a/free"}


def test_of_a_family_only_the_models_that_fit_are_shown():
    base = model(endpoint(1), id="a/b", context_length=8192)
    free = model(
        endpoint(2, prompt=0, completion=0), id="a/b:free", variant="free", base_id="a/b",
        context_length=128_000,
    )  # fmt: skip
    index = index_of(base, free)
    (row,) = index.found(index.matching(Choice()))
    assert [each.id for each in row.models] == ["a/b", "a/b:free"]
    (row,) = index.found(index.matching(Choice(chosen=(("context", "128k"),))))
    assert row.lead.id == "a/b:free" and len(row.models) == 1
    # Not one model has both, though the family has.
    both = Choice(chosen=(("context", "128k"), ("price", "middle")))
    assert index.count(index.matching(both)) == 0

"""What demo traffic asks: drawn anew for each seed, alike for the same one."""

from __future__ import annotations

from collections import Counter

from rankings.demo_traffic import MODELS_MAX, asks

MODELS = [f"author/model-{number}" for number in range(60)]
KEYS = ["one", "two", "three"]


def test_traffic_has_favourites_several_apps_keys_and_failures():
    made = list(asks(MODELS, KEYS, 600, seed=1))
    models = Counter(ask.body["model"] for ask in made)
    assert 10 <= len(models) <= MODELS_MAX
    assert models.most_common()[0][1] > 5 * models.most_common()[-1][1]
    assert len({ask.app for ask in made}) == 7 and {ask.key for ask in made} == set(KEYS)
    texts = [ask.body["messages"][0]["content"] for ask in made]
    assert 0 < sum("status=400" in text for text in texts) < 60
    assert 0 < sum("status=503" in text for text in texts) < 120
    assert {ask.body["stream"] for ask in made} == {True, False}


def test_a_seed_is_a_script():
    assert list(asks(MODELS, KEYS, 50, 1)) == list(asks(MODELS, KEYS, 50, 1))
    assert list(asks(MODELS, KEYS, 50, 1)) != list(asks(MODELS, KEYS, 50, 2))


def test_one_model_is_enough():
    assert {ask.body["model"] for ask in asks(MODELS[:1], KEYS, 9, 1)} == {MODELS[0]}

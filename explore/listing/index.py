"""Which models a choice finds, and how many more or fewer each other choice would. Pure.

A set of models is an integer with a bit for each. The bits of a family are `width` apart: the first
model of all families, then the second one of all ... So counting the families of a set is a few
shifts, and all the counts beside the filters cost less than showing one row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from catalog.snapshot import Model
from explore.listing.choice import Choice
from explore.listing.facets import BY_NAME, FACETS, Facet, is_served
from explore.listing.families import families
from explore.listing.ordering import Found


@dataclass(frozen=True, slots=True)
class Option:
    """One can choose it, or take it back. `count`: families that are left after choosing it; with
    `adds`, that come to those there are. Of a chosen one: those of the found that have it."""

    value: str
    label: str
    count: int
    is_chosen: bool = False
    adds: bool = False


class ModelIndex:
    """Of the models of a catalog; made once, and not changed after."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self.families = families(models.values())
        self._width = len(self.families)
        self._depth = max((len(family.models) for family in self.families), default=0)
        self._models = tuple(
            (number + place * self._width, model)
            for number, family in enumerate(self.families)
            for place, model in enumerate(family.models)
        )
        self._texts = tuple(
            (bit, f"{model.id} {model.name}".casefold()) for bit, model in self._models
        )
        self._all = _set_of(bit for bit, _ in self._models)
        self._having: dict[str, dict[str, int]] = {}
        labels: dict[str, dict[str, str]] = {}
        for facet in FACETS:
            having, names = self._of_facet(facet, models)
            order = _order(facet, having, names, self.count)
            self._having[facet.name] = {value: having[value] for value in order}
            labels[facet.name] = {value: names.get(value, value) for value in order}
        self.labels: Mapping[str, Mapping[str, str]] = labels
        self._served = {model.id for model in models.values() if is_served(model, models)}

    def __len__(self) -> int:
        """Families."""
        return self._width

    def _of_facet(
        self, facet: Facet, models: Mapping[str, Model]
    ) -> tuple[dict[str, int], dict[str, str]]:
        """The models that have each value, and what the values are called."""
        bits: defaultdict[str, list[int]] = defaultdict(list)
        names: dict[str, str] = {}
        for bit, model in self._models:
            for value in facet.values(model, models):
                bits[value].append(bit)
            names |= facet.names(model)
        having = {value: _set_of(each) for value, each in bits.items()}
        return having, names | dict(facet.fixed)

    def tells(self, facet: str) -> bool:
        """Whether it parts the models at all."""
        return any(self.count(having) != self._width for having in self._having[facet].values())

    def matching(self, choice: Choice) -> int:
        """The set of models that have all that is chosen."""
        sets = (self._chosen(facet, choice.values(facet.name)) for facet in FACETS)
        return reduce(and_, sets, self._saying(choice.words))

    def count(self, models: int) -> int:
        """How many families have a model in the set."""
        return self._families(models).bit_count()

    def found(self, models: int) -> list[Found]:
        wanted: defaultdict[int, list[Model]] = defaultdict(list)
        octets = models.to_bytes(self._width * self._depth // 8 + 1, "little")
        for bit, model in self._models:
            if octets[bit >> 3] >> (bit & 7) & 1:
                wanted[bit % self._width].append(model)
        return [
            Found(self.families[number], tuple(each), each[0].id in self._served)
            for number, each in wanted.items()
        ]

    def options(self, choice: Choice) -> dict[str, list[Option]]:
        """Of each facet, by its name."""
        saying = self._saying(choice.words)
        sets = {facet.name: self._chosen(facet, choice.values(facet.name)) for facet in FACETS}
        current = reduce(and_, sets.values(), saying)
        found = {}
        for facet in FACETS:
            rest = (each for name, each in sets.items() if name != facet.name)
            others = reduce(and_, rest, saying)
            found[facet.name] = self._options(facet, choice.values(facet.name), current, others)
        return found

    def _options(
        self, facet: Facet, chosen: tuple[str, ...], current: int, others: int
    ) -> list[Option]:
        now = self.count(current)
        widens = facet.is_any and bool(chosen)
        options = []
        for value, having in self._having[facet.name].items():
            label = self.labels[facet.name][value]
            if value in chosen:
                options.append(Option(value, label, self.count(current & having), is_chosen=True))
            elif widens:
                more = self.count(current | others & having) - now
                options.append(Option(value, label, more, adds=True))
            else:
                options.append(Option(value, label, self.count(current & having)))
        return options

    def _chosen(self, facet: Facet, values: tuple[str, ...]) -> int:
        if not values:
            return self._all
        having = self._having[facet.name]
        return reduce(or_ if facet.is_any else and_, (having[value] for value in values))

    def _saying(self, words: Iterable[str]) -> int:
        words = tuple(words)
        if not words:
            return self._all
        return _set_of(bit for bit, text in self._texts if all(word in text for word in words))

    def _families(self, models: int) -> int:
        found, lowest = 0, (1 << self._width) - 1
        while models:
            found |= models & lowest
            models >>= self._width
        return found


def _set_of(bits: Iterable[int]) -> int:
    octets = bytearray()
    for bit in bits:
        at = bit >> 3
        if at >= len(octets):
            octets.extend(bytes(at + 1 - len(octets)))
        octets[at] |= 1 << (bit & 7)
    return int.from_bytes(octets, "little")


def _order(
    facet: Facet,
    having: Mapping[str, int],
    names: Mapping[str, str],
    count: Callable[[int], int],
) -> list[str]:
    """The fixed ones first; of the others what most have."""
    fixed = [value for value in facet.fixed if value in having]
    others = having.keys() - facet.fixed.keys()
    ranked = sorted(others, key=lambda value: (-count(having[value]), names.get(value, value)))
    return fixed + ranked


# --- When nothing is found ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """What to give up, in words, to find `count` families."""

    label: str
    choice: Choice
    count: int


def ways_out(index: ModelIndex, choice: Choice, most: int = 3) -> list[Way]:
    """Each is one thing less than what is chosen; the one that finds the most comes first."""
    ways = []
    for facet in BY_NAME.values():
        values, labels = choice.values(facet.name), index.labels[facet.name]
        # One of several that are enough each: without it there would be less still.
        parts = [values] if facet.is_any else [(value,) for value in values]
        for part in filter(None, parts):
            less = choice.without(*((facet.name, value) for value in part))
            ways.append((", ".join(labels[value] for value in part), less))
    if choice.words:
        ways.append((f"“{choice.text}”", choice.without_words()))
    counted = [Way(label, less, index.count(index.matching(less))) for label, less in ways]
    found = sorted((way for way in counted if way.count), key=lambda way: -way.count)
    return found[:most]

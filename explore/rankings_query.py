"""What the address of the rankings asks for. What makes no sense there is as if it were not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from rankings.spans import LENGTHS

MODELS, AUTHORS = "model", "author"
POPULAR, TRENDING = "popular", "trending"
_KNOWN = {
    "view": tuple(LENGTHS),
    "by": (MODELS, AUTHORS),
    "apps": (POPULAR, TRENDING),
    "all": ("", "1"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`view`: the length of what is ranked. `by`: what the chart and the first table are of.
    `apps`: their order. `all` is "1" for whole tables."""

    view: str = "week"
    by: str = MODELS
    apps: str = POPULAR
    all: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        given = {name: query.get(name, "") for name in _KNOWN}
        return cls(**{name: value for name, value in given.items() if value in _KNOWN[name]})

    def address(self, **changes: str) -> str:
        """The query string of this with a part changed; what is usual is left out."""
        wanted, usual = asdict(replace(self, **changes)), asdict(Asked())
        given = {name: value for name, value in wanted.items() if value != usual[name]}
        return f"?{urlencode(given)}"

    def links(self, name: str, choices: Mapping[str, str], place: str = "") -> list[dict[str, str]]:
        """For c-segmented: {value, label, href} of each choice (value -> label) of a part."""
        return [
            {"value": value, "label": label, "href": self.address(**{name: value}) + place}
            for value, label in choices.items()
        ]

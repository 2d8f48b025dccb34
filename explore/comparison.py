"""Models beside each other: what is the same, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from catalog.snapshot import Endpoint, Model
from explore.figures import FigureRow, together
from explore.listing.facets import has_token_price
from explore.listing.families import offers
from explore.listing.rows import created_at
from explore.token_mix import TokenMix, cost_nano
from ui import format

NONE = format.UNKNOWN


@dataclass(frozen=True, slots=True)
class Value:
    """`is_best` among different ones."""

    text: str
    is_best: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A value of each model, in their order. `kind`: text, or yes_no for values Yes and No."""

    label: str
    values: tuple[Value, ...]
    kind: str = "text"
    is_id: bool = False

    @property
    def is_different(self) -> bool:
        return len({value.text for value in self.values}) > 1


@dataclass(frozen=True, slots=True)
class Section:
    label: str
    lines: tuple[Line, ...]


def compare(models: Sequence[Model], mix: TokenMix) -> list[Section]:
    measured = [together(endpoint.id for endpoint in model.endpoints) for model in models]
    return [
        Section("Price", (*_prices(models), _mix(models, mix))),
        Section("Size", _sizes(models)),
        Section("What it takes and gives", _abilities(models)),
        Section("Providers", _providers(models)),
        Section("Measured here in 30 days", _measured(measured)),
        Section("Parameters", _parameters(models)),
    ]


def different(sections: Iterable[Section]) -> list[Section]:
    """Without the lines where all models are the same."""
    parts = (
        Section(each.label, tuple(line for line in each.lines if line.is_different))
        for each in sections
    )
    return [each for each in parts if each.lines]


def _text(label: str, values: Iterable[str]) -> Line:
    return Line(label, tuple(map(Value, values)))


def _ranked(
    label: str, values: Sequence[int | None], written: Callable[[int], str], *, least: bool
) -> Line:
    """The least or the largest is the best, where not all are the same."""
    known = [value for value in values if value is not None]
    best = (min if least else max)(known, default=None) if len(set(known)) > 1 else None
    return Line(
        label,
        tuple(
            Value(NONE if value is None else written(value), best is not None and value == best)
            for value in values
        ),
    )


def _prices(models: Sequence[Model]) -> list[Line]:
    priced = [model.prices if has_token_price(model) else None for model in models]
    lines = [
        _ranked(
            f"{label} per 1M",
            [None if each is None else getattr(each, name) for each in priced],
            format.price_per_million,
            least=True,
        )
        for label, name in (("Prompt", "prompt_pico"), ("Completion", "completion_pico"))
    ]
    images = [
        each.prices.image_pico if "image" in each.input_modalities else None for each in models
    ]
    requests = [None if each is None else each.request_pico for each in priced]
    for label, values in (("Each image", images), ("Each request", requests)):
        if any(values):
            lines.append(_ranked(label, values, format.price_each, least=True))
    if any(model.media_pricing for model in models):
        lines.append(_text("Objects", map(_media_price, models)))
    if any(model.discount_percent for model in models):
        discounts = [each.discount_percent for each in models]
        lines.append(_text("Discount in it", (f"{each}%" if each else NONE for each in discounts)))
    return lines


def _media_price(model: Model) -> str:
    pricing = model.media_pricing
    return f"${pricing['usd']} per {pricing['unit']}" if pricing else NONE


def _mix(models: Sequence[Model], mix: TokenMix) -> Line:
    costs = [cost_nano(mix, model) if has_token_price(model) else None for model in models]
    label = "Your last 30 days" if mix.is_own else "An example month"
    return _ranked(label, costs, format.money, least=True)


def _sizes(models: Sequence[Model]) -> tuple[Line, ...]:
    return (
        _ranked(
            "Context", [each.context_length for each in models],
            lambda tokens: f"{format.count(tokens)} tokens", least=False,
        ),
        _ranked(
            "Longest answer", [each.max_completion_tokens for each in models],
            lambda tokens: f"{format.count(tokens)} tokens", least=False,
        ),
        _text("Precision", (each.quantization or NONE for each in models)),
    )  # fmt: skip


_KINDS = {"chat": "Chat", "base": "Raw completion", "router": "Router", "media": "Media"}


def _abilities(models: Sequence[Model]) -> tuple[Line, ...]:
    return (
        _text("Kind", (_KINDS.get(each.kind, each.kind) for each in models)),
        _text("Input", (_modalities(each.input_modalities) for each in models)),
        _text("Output", (_modalities(each.output_modalities) for each in models)),
        _yes_no("Moderated", [each.is_moderated for each in models]),
        _text("Since", (_since(each) for each in models)),
    )


def _modalities(names: Iterable[str]) -> str:
    return ", ".join("3D" if name == "3d" else name.capitalize() for name in names) or NONE


def _since(model: Model) -> str:
    moment = created_at(model)
    return NONE if moment is None else format.day(moment)


def _providers(models: Sequence[Model]) -> tuple[Line, ...]:
    return (
        _ranked(
            "Serving here",
            [len(_names(each.served_by)) if each.kind != "router" else None for each in models],
            format.count, least=False,
        ),
        _text("Names", (", ".join(_names(offers(each))) or NONE for each in models)),
        _text("Do not train", (_share(each, _trains_not) for each in models)),
        _text("Do not log", (_share(each, _keeps_nothing) for each in models)),
    )  # fmt: skip


def _names(endpoints: Iterable[Endpoint]) -> list[str]:
    return list(dict.fromkeys(endpoint.provider.name for endpoint in endpoints))


def _trains_not(endpoint: Endpoint) -> bool:
    return not endpoint.provider.may_train


def _keeps_nothing(endpoint: Endpoint) -> bool:
    return not endpoint.provider.may_train and not endpoint.provider.retains_prompts


def _share(model: Model, has: Callable[[Endpoint], bool]) -> str:
    asked = offers(model)
    those, all = len(_names(filter(has, asked))), len(_names(asked))
    if not all:
        return NONE
    return ("All" if those == all else f"{those} of {all}") if those else "None"


def _measured(figures: Sequence[FigureRow]) -> tuple[Line, ...]:
    return (
        _text("Uptime", (each.uptime for each in figures)),
        _ranked("First token", [each.latency_ms for each in figures], format.duration, least=True),
        _ranked(
            "Throughput", [each.tokens_per_second for each in figures],
            lambda speed: f"{format.count(speed)} tokens/s", least=False,
        ),
    )  # fmt: skip


def _parameters(models: Sequence[Model]) -> tuple[Line, ...]:
    """All that some of them support."""
    names = dict.fromkeys(name for model in models for name in model.supported_parameters)
    return tuple(
        _yes_no(name, [name in model.supported_parameters for model in models], is_id=True)
        for name in names
    )


def _yes_no(label: str, values: Iterable[bool], *, is_id: bool = False) -> Line:
    texts = tuple(Value("Yes" if value else "No") for value in values)
    return Line(label, texts, kind="yes_no", is_id=is_id)

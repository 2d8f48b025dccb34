"""Reading JSON objects with errors that say where: `endpoints[3]: pricing.prompt is missing`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from openrouter_site.money import parse_price


class InvalidCatalog(ValueError):
    """A catalog that cannot be loaded, in one line for the operator."""


class Entry:
    """One JSON object and where it stands. Each reader raises InvalidCatalog."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise InvalidCatalog(f"{where}: must be an object, not {_kind(value)}")
        self._value: dict[str, Any] = value
        self.where = where

    def has(self, key: str) -> bool:
        return self._value.get(key) is not None

    def wrong(self, key: str, problem: str) -> InvalidCatalog:
        return InvalidCatalog(f"{self.where}: {key} {problem}")

    def _required(self, key: str, kind: type, wanted: str) -> Any:
        if not self.has(key):
            raise self.wrong(key, "is missing")
        value = self._value[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(key, f"must be {wanted}, not {_kind(value)}")
        return value

    def text(self, key: str) -> str:
        text: str = self._required(key, str, "a text").strip()
        if not text:
            raise self.wrong(key, "is empty")
        return text

    def text_or_empty(self, key: str) -> str:
        return self._required(key, str, "a text").strip() if self.has(key) else ""

    def first_word(self, key: str) -> str:
        """Without the remark that may follow: `/models (POST, loads a model)` -> `/models`."""
        return self.text_or_empty(key).partition(" ")[0]

    def integer(self, key: str) -> int | None:
        if not self.has(key):
            return None
        number: int = self._required(key, int, "a whole number")
        return number

    def boolean(self, key: str, default: bool = False) -> bool:
        return bool(self._required(key, bool, "true or false")) if self.has(key) else default

    def entry(self, key: str) -> Entry:
        """The object under `key`; an empty one when it is absent."""
        value = self._value[key] if self.has(key) else {}
        return Entry(value, f"{self.where}: {key}")

    def texts(self, key: str) -> list[str]:
        values = self._required(key, list, "a list") if self.has(key) else []
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, "must be a list of texts")
        return list(values)

    def objects(self, key: str) -> list[Any]:
        return list(self._required(key, list, "a list"))

    def mapping(self, key: str) -> dict[str, Any]:
        return dict(self._required(key, dict, "an object")) if self.has(key) else {}

    def price(self, key: str) -> int:
        """Dollars per token (image, request) as pico-dollars. JSON numbers come as Decimal."""
        value = self._value.get(key)
        if value is None:
            raise self.wrong(key, "is missing")
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.wrong(key, f"must be a price, not {_kind(value)}")
        try:
            price_pico = parse_price(value)
        except ValueError as error:
            raise self.wrong(key, f"is wrong: {error}") from None
        if price_pico < 0:
            raise self.wrong(key, f"is below zero: {value}")
        return price_pico


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")

"""The rule of where each provider is served.

A provider is served, first match wins:

1. at its own address, when it has a credential (catalog.credentials), or when it needs none and
   UNCONFIGURED_PROVIDER_URL does not stand in for it;
2. nowhere, when it has a credential but its address is incomplete: a real credential is never
   sent to a stand-in;
3. at UNCONFIGURED_PROVIDER_URL, when that is set (`{slug}` is filled in);
4. nowhere.

What an operator added is served at its own address or nowhere; no stand-in knows it. Without a
credential variable (a llama.cpp of his own) it is always served. `{placeholders}` of a base URL are
filled from the environment: `{region}` of the provider `google` is GOOGLE_REGION, `{resource}` of
`azure` is AZURE_RESOURCE. `{model}` is not one of them: the upstream client fills it, in the base
URL and in the paths.
"""

from __future__ import annotations

import re

from django.conf import settings

from catalog import credentials, models

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PLACEHOLDER_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def own_address(row: models.Provider) -> str | None:
    """The base URL with its placeholders filled; None when the environment lacks one of them."""
    address = row.base_url
    for placeholder, variable in _variables(row).items():
        value = credentials.environment(variable)
        if not _PLACEHOLDER_VALUE.fullmatch(value):
            return None
        address = address.replace(f"{{{placeholder}}}", value)
    return address


def _variables(row: models.Provider) -> dict[str, str]:
    """The variable of each placeholder of its address."""
    names = sorted(set(_PLACEHOLDER.findall(row.base_url)) - {"model"})
    return {name: f"{row.slug}_{name}".upper().replace("-", "_") for name in names}


def lacking(row: models.Provider) -> str:
    """Which variables its address needs and does not have, as words: "AZURE_RESOURCE is not set";
    empty when it has all."""
    names = [
        variable
        for variable in _variables(row).values()
        if not _PLACEHOLDER_VALUE.fullmatch(credentials.environment(variable))
    ]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not set" if names else ""


def served_at(row: models.Provider, *, has_credential: bool | None = None) -> str | None:
    """The base URL in effect, by the rule at the top of this file. Looks for a credential itself
    unless told whether there is one."""
    if has_credential is None:
        has_credential = bool(credentials.of(row))
    if has_credential:
        return own_address(row)
    stand_in: str = settings.UNCONFIGURED_PROVIDER_URL
    needs_none = not row.credential_env
    if needs_none and (row.origin == models.Origin.OPERATOR or not stand_in):
        return own_address(row)
    if row.origin == models.Origin.OPERATOR:
        return None
    return stand_in.replace("{slug}", row.slug).rstrip("/") or None

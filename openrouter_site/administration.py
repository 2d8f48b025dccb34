"""Django's admin for rare edits: its rows grouped as an operator thinks of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from openrouter_site.operator_site import OperatorSite

# What is not named here comes last, under the name of its app.
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "People and keys",
        (
            "User",
            "EmailAddress",
            "ApiKey",
            "Member",
            "Invitation",
            "SignUpInvitation",
            "ProviderKey",
        ),
    ),
    ("Providers and models", ("Provider", "Credential", "Model", "Endpoint")),
    (
        "Ledger (to read)",
        ("Account", "Transfer", "Generation", "Hold", "KeyBudget", "MemberBudget"),
    ),
    (
        "Payments (to read)",
        ("Checkout", "PaymentRefund", "PaymentDispute", "AutoTopUp", "WebhookEvent"),
    ),
    ("Rankings", ("RankedApp",)),
    ("Measured (to read)", ("ProviderProbe", "EndpointStatistic")),
)


# Their rows are secrets (authenticators, tokens), or have pages of their own (sessions).
_APPS_NOT_HERE = {"mfa", "socialaccount", "usersessions"}


class Administration(OperatorSite):
    site_header = site_title = "Administration"
    index_title = "Rows"
    site_url = "/operator"

    def register(
        self,
        model_or_iterable: Any,
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        several = isinstance(model_or_iterable, list | tuple)
        for model in model_or_iterable if several else [model_or_iterable]:
            if model._meta.app_label not in _APPS_NOT_HERE:
                super().register(model, admin_class, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "site_header": settings.SITE_NAME}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """By what things are, not by the app they are in; the page of one app stays Django's."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: (app, model) for app in apps for model in app["models"]}
        groups: list[Any] = []
        for name, members in _GROUPS:
            found = [models.pop(each) for each in members if each in models]
            if found:
                groups.append({**found[0][0], "name": name, "models": [each[1] for each in found]})
        for app in apps:
            left = [model for _, model in models.values() if model in app["models"]]
            if left:
                groups.append({**app, "models": left})
        return groups

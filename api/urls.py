"""Paths under /api/v1. The inference paths are not here: they are ASGI callables (api.chat)."""

from __future__ import annotations

from django.urls import path

from api import (
    app_keys,
    catalog_views,
    datasets,
    invitations,
    keys,
    members,
    parameters,
    payments,
    provider_keys,
    statements,
    views,
)

app_name = "api"

urlpatterns = [
    path("models", catalog_views.models, name="models"),
    path("models/count", catalog_views.models_count, name="models-count"),
    path("models/user", catalog_views.models_of_user, name="models-user"),
    path("models/<str:author>/<str:slug>/endpoints", catalog_views.endpoints, name="endpoints"),
    path("model/<str:author>/<str:slug>", catalog_views.model, name="model"),
    path("parameters/<str:author>/<str:slug>", parameters.parameters, name="parameters"),
    path("endpoints/zdr", catalog_views.endpoints_zdr, name="endpoints-zdr"),
    path("providers", catalog_views.providers, name="providers"),
    path("generation", views.generation, name="generation"),
    path("key", views.key, name="key"),
    path("auth/key", views.key, name="auth-key"),
    path("auth/keys", app_keys.exchange, name="exchange"),
    path("auth/keys/code", app_keys.code, name="code"),
    path("keys", keys.collection, name="keys"),
    path("keys/<str:digest>", keys.one, name="managed-key"),
    path("organization/members", members.collection, name="members"),
    path("organization/members/<str:id>", members.one, name="member"),
    path("organization/memberships", members.memberships, name="memberships"),
    path("organization/memberships/<str:id>", members.membership, name="membership"),
    path("organization/invitations", invitations.collection, name="invitations"),
    path("organization/invitations/accept", invitations.accept, name="invitation-accept"),
    path("organization/invitations/<str:id>", invitations.one, name="invitation"),
    path("datasets/rankings-daily", datasets.rankings_daily, name="rankings-daily"),
    path("datasets/app-rankings", datasets.app_rankings, name="app-rankings"),
    path("credits", views.credits, name="credits"),
    path("credits/statement", statements.statement, name="credits-statement"),
    path("byok", provider_keys.collection, name="provider-keys"),
    path("byok/<str:id>", provider_keys.one, name="provider-key"),
    path("credits/checkout", payments.checkout, name="credits-checkout"),
    path("credits/payments", payments.payments, name="credits-payments"),
    path("credits/refund", payments.refund, name="credits-refund"),
    path("credits/auto-top-up", payments.auto_top_up, name="credits-auto-top-up"),
]

"""Rows of the catalog: who serves (Provider), what (Model), and at which price (Endpoint).

The data plane never reads them: `catalog.load` freezes them into one `Catalog`, and the version
says when to read again. Whoever changes a row calls `bump_version()` in the same transaction.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower

from catalog import fields, price_change_row, validators
from catalog.credential_row import Credential as Credential
from catalog.credential_row import CredentialChange as CredentialChange
from catalog.credential_row import Encrypted as Encrypted
from catalog.credential_row import Secret as Secret
from catalog.credential_row import ending as ending
from catalog.fields import PRICE_MAX_PICO
from catalog.price_change_row import PriceChange as PriceChange


class Origin(models.TextChoices):
    """Who decides about a row. `load_catalog` changes its own rows and leaves the operator's."""

    CATALOG = "catalog", "catalog file"
    OPERATOR = "operator", "operator"
    RETIRED = "retired", "disabled by --prune"


class Row(models.Model):
    """What every row of the catalog has."""

    enabled = models.BooleanField(default=True, help_text="Off: nobody is sent there.")
    origin = models.CharField(
        max_length=8,
        choices=Origin.choices,
        default=Origin.OPERATOR,
        help_text="load_catalog changes rows of the catalog file and leaves the operator's alone.",
    )

    class Meta:
        abstract = True


def text_only() -> list[str]:
    return ["text"]


class Provider(Row):
    """Who serves. Its credentials are in the environment, or encrypted in Credential."""

    class AuthKind(models.TextChoices):
        HEADER = "header", "the credential in a header"
        GOOGLE = "google", "Google: a token for a service account, or an API key"
        AWS = "aws", "AWS: each request signed (SigV4), or an API key"

    slug = models.CharField(max_length=64, unique=True, validators=[validators.provider_slug])
    name = models.CharField(max_length=64, help_text="As in provider.order: DeepInfra.")
    dialect = models.CharField(max_length=32, default="openai", help_text="How it speaks.")
    base_url = models.CharField("base URL", max_length=300, validators=[validators.base_url])
    chat_path = models.CharField(max_length=200, blank=True, validators=[validators.path])
    completions_path = models.CharField(max_length=200, blank=True, validators=[validators.path])
    models_path = models.CharField(max_length=200, blank=True, validators=[validators.path])
    auth_kind = models.CharField(
        "authorization",
        max_length=8,
        choices=AuthKind.choices,
        default=AuthKind.HEADER,
        help_text="Header and scheme below are for the first kind.",
    )
    auth_header = models.CharField(
        max_length=64, default="Authorization", validators=[validators.header_name]
    )
    auth_scheme = models.CharField(max_length=32, blank=True, default="Bearer")
    credential_env = models.JSONField(
        "credential variables",
        default=list,
        blank=True,
        validators=[validators.environment_names],
        help_text="Environment variables that may hold the credential, first match wins. "
        "Empty, and none stored: the provider needs none.",
    )
    extra_headers = models.JSONField(
        default=dict,
        blank=True,
        validators=[validators.headers],
        help_text="Sent with each request. Never a credential.",
    )
    unsupported_parameters = fields.texts()
    parameter_renames = models.JSONField(
        default=dict, blank=True, validators=[validators.text_map], help_text="Ours to theirs."
    )
    quirks = models.JSONField(
        default=dict,
        blank=True,
        validators=[validators.quirks],
        help_text="Where it departs from its dialect.",
    )
    takes_stream_options = models.BooleanField(
        default=True, help_text="Streams tell the usage only when stream_options asks for it."
    )
    supports_cancellation = models.BooleanField(default=False)
    # What nobody knows of a provider is taken for the worst.
    may_train = models.BooleanField(default=True, help_text="May train on prompts, or unknown.")
    retains_prompts = models.BooleanField(
        default=True, help_text="Keeps prompts longer than it needs them, or unknown."
    )

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="provider_name_unique",
                violation_error_message="Another provider has this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Model(Row):
    """What can be asked for. Its price is that of its endpoints (see catalog.load)."""

    class Kind(models.TextChoices):
        CHAT = "chat"
        BASE = "base", "base (raw completion)"
        ROUTER = "router"
        MEDIA = "media"

    slug = models.CharField(max_length=128, unique=True, validators=[validators.model_slug])
    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CHAT)
    description = models.TextField(blank=True)
    created = models.BigIntegerField(default=0, help_text="Unix seconds.")
    context_length = fields.tokens(null=True, blank=True)
    max_completion_tokens = fields.tokens(null=True, blank=True)
    messages_max = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most messages one request may have; empty for any number.",
    )
    modality = models.CharField(max_length=64, default="text")
    input_modalities = models.JSONField(default=text_only, validators=[validators.text_list])
    output_modalities = models.JSONField(default=text_only, validators=[validators.text_list])
    tokenizer = models.CharField(max_length=32, default="Other")
    instruct_type = models.CharField(max_length=32, blank=True)
    is_moderated = models.BooleanField(default=False)
    supported_parameters = fields.texts(
        "In the order shown; what no endpoint supports is left out."
    )
    quantization = models.CharField(max_length=16, blank=True)
    hugging_face_id = models.CharField("Hugging Face id", max_length=128, blank=True)
    variant = models.CharField(max_length=32, blank=True)
    base_slug = models.CharField(
        max_length=128, blank=True, help_text="The model of which this is a variant."
    )
    routes_to = fields.texts("Of a router: slugs of the candidates.")
    media_pricing = models.JSONField(null=True, blank=True, validators=[validators.media_pricing])

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.slug


PRICE_FIELDS = (
    "price_prompt_pico",
    "price_completion_pico",
    "price_image_pico",
    "price_request_pico",
)
LIST_PRICE_FIELDS = ("list_price_prompt_pico", "list_price_completion_pico")


def _in_range(field: str) -> Q:
    return Q(**{f"{field}__gte": 0, f"{field}__lte": PRICE_MAX_PICO})


class Endpoint(Row):
    """A model at a provider. Prices are pico-dollars per token, per image and per request."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="endpoints")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="endpoints")
    tag = models.CharField(
        max_length=64,
        blank=True,
        help_text="Tells several endpoints of one provider for one model apart: together/turbo.",
    )
    upstream_model = models.CharField(max_length=200, help_text="What the provider calls it.")
    price_prompt_pico = fields.price(verbose_name="prompt price")
    price_completion_pico = fields.price(verbose_name="completion price")
    price_image_pico = fields.price(default=0, verbose_name="image price")
    price_request_pico = fields.price(default=0, verbose_name="request price")
    list_price_prompt_pico = fields.price(null=True, blank=True, verbose_name="prompt list price")
    list_price_completion_pico = fields.price(
        null=True, blank=True, verbose_name="completion list price"
    )
    discount_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    context_length = fields.tokens(default=0, help_text="0 where text has no part in it.")
    max_completion_tokens = fields.tokens(null=True, blank=True)
    quantization = models.CharField(max_length=16, blank=True)
    supported_parameters = fields.texts()
    is_moderated = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["model", "provider", "tag"], name="endpoint_model_provider_tag_unique"
            ),
            *(
                models.CheckConstraint(condition=_in_range(field), name=f"endpoint_{field}_range")
                for field in PRICE_FIELDS
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{field}__isnull": True}) | _in_range(field),
                    name=f"endpoint_{field}_range",
                )
                for field in LIST_PRICE_FIELDS
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__isnull=True) | Q(discount_percent__lte=100),
                name="endpoint_discount_percent_range",
            ),
        ]

    def clean(self) -> None:
        for part in ("prompt", "completion"):
            price, listed = f"price_{part}_pico", f"list_price_{part}_pico"
            try:
                validators.discount(
                    getattr(self, price), getattr(self, listed), self.discount_percent
                )
            except ValidationError as error:
                raise ValidationError({"discount_percent": error}) from None

    def save(self, *args: Any, **options: Any) -> None:
        """A change of prices is written down with it."""
        with transaction.atomic():
            before = price_change_row.stored(self, options.get("update_fields"))
            super().save(*args, **options)
            price_change_row.note(self, before)

    def __str__(self) -> str:
        return f"{self.model} @ {self.provider}{f' ({self.tag})' if self.tag else ''}"


class CatalogVersion(models.Model):
    """One row. Each change of the catalog counts it up in its own transaction."""

    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalog_version_single")]

    def __str__(self) -> str:
        return str(self.version)


def bump_version() -> None:
    """Make what this transaction changes live in every process within settings.CATALOG_POLL_S.

    Call it before the first change: its row lock is what makes two writers take turns.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("bump_version() needs a transaction")
    CatalogVersion.objects.bulk_create([CatalogVersion(pk=1)], ignore_conflicts=True)
    CatalogVersion.objects.filter(pk=1).update(version=F("version") + 1)

"""The credentials of a provider: stored ones first, by position, then the environment's.

A variable of `Provider.credential_env` may have siblings: OPENAI_API_KEY, OPENAI_API_KEY_2,
OPENAI_API_KEY_3 and so on without a gap. The first variable of the list that is set counts, with
its siblings; the others are older names of the same.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ImproperlyConfigured, ValidationError

from catalog import encryption, models
from openrouter_site.environment import env_text

logger = logging.getLogger(__name__)

SECRET_CHARACTERS_MAX = 16 * 1024
# Whoever knows four characters of a shorter one knows too much of it.
_SHOWN_OF_CHARACTERS_MIN = 12
# Shorter texts are words that mean something else ("none").
_HIDDEN_CHARACTERS_MIN = 8
_AWS_KEY_ID = "AWS_ACCESS_KEY_ID"
# Rows whose trouble was told, as it was.
_told: set[tuple[int, str]] = set()


@dataclass(frozen=True, slots=True, eq=False)
class ProviderCredential:
    """One credential, decrypted. `label` is what logs and records may call it.

    `source` is "stored", "environment", or "own" where it is not the operator's but of the user
    who calls; where the provider needs none, it has neither.
    """

    id: str
    label: str
    source: str
    secret: str = field(repr=False)

    def hidden_in(self, text: str) -> str:
        """The text without the secret, should a provider repeat it."""
        is_document = self.secret.startswith("{")
        for part in {self.secret, *([] if is_document else self.secret.split(":"))}:
            if len(part) >= _HIDDEN_CHARACTERS_MIN:
                text = text.replace(part, "***")
        return text


def of(row: models.Provider) -> tuple[ProviderCredential, ...]:
    """All that can be used, in the order in which they are tried. May read the database."""
    return (*_stored(row), *of_environment(row))


def _stored(row: models.Provider) -> Iterator[ProviderCredential]:
    rows = [each for each in row.credentials.all() if each.enabled]
    for each in sorted(rows, key=lambda credential: (credential.position, credential.pk)):
        try:
            secret = encryption.decrypt(each.encrypted)
        except encryption.Unreadable:
            _tell_unreadable(row, each)
            continue
        yield ProviderCredential(f"{row.slug}:{each.pk}", each.label, "stored", secret)


def _tell_unreadable(row: models.Provider, credential: models.Credential) -> None:
    known = (credential.pk, credential.encrypted)
    if known not in _told:
        _told.add(known)
        logger.error(
            "the credential %r of %s cannot be decrypted and is not used: "
            "CREDENTIALS_KEY lacks the key it was stored with",
            credential.label, row.name,
        )  # fmt: skip


def of_environment(row: models.Provider) -> tuple[ProviderCredential, ...]:
    for name in row.credential_env:
        if found := tuple(_with_siblings(row, name)):
            return found
    return ()


def _with_siblings(row: models.Provider, name: str) -> Iterator[ProviderCredential]:
    for number in itertools.count(1):
        suffix = "" if number == 1 else f"_{number}"
        variable = name + suffix
        secret = environment(variable)
        if secret and row.auth_kind == models.Provider.AuthKind.AWS and name == _AWS_KEY_ID:
            secret = _aws_pair(secret, suffix)
        if not secret:
            return
        yield ProviderCredential(f"{row.slug}:{variable}", variable, "environment", secret)


def _aws_pair(key_id: str, suffix: str) -> str:
    """The usual variables of AWS are one credential; empty when the secret is missing."""
    secret = environment(f"AWS_SECRET_ACCESS_KEY{suffix}")
    token = environment(f"AWS_SESSION_TOKEN{suffix}")
    return ":".join([key_id, secret, *([token] if token else [])]) if secret else ""


def environment(variable: str) -> str:
    """A file that cannot be read (NAME_FILE) is the trouble of that provider, not of all."""
    try:
        return env_text(variable)
    except ImproperlyConfigured as error:
        logger.warning("%s", error)
        return ""


# --- What is stored ------------------------------------------------------------------------------


def check(secret: str, label: str, auth_kind: str) -> None:
    """Whether it could be a credential; raises ValidationError, which does not repeat it."""
    if not secret:
        raise ValidationError("The secret is empty.")
    if len(secret) > SECRET_CHARACTERS_MAX:
        raise ValidationError(f"The secret is longer than {SECRET_CHARACTERS_MAX} characters.")
    if secret in label:
        raise ValidationError("The label must not hold the secret: labels are shown.")
    if secret.startswith("{"):
        _check_service_account(secret, auth_kind)
        return
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValidationError("The secret must be printable ASCII without spaces.")
    if auth_kind == models.Provider.AuthKind.GOOGLE and not secret.startswith("AIza"):
        # Not a path either: who may enter credentials need not be able to read files here.
        raise ValidationError("Google takes an API key (AIza...) or the JSON of a service account.")


def _check_service_account(secret: str, auth_kind: str) -> None:
    if auth_kind != models.Provider.AuthKind.GOOGLE:
        raise ValidationError("This provider takes a key, not a JSON document.")
    try:
        document = json.loads(secret)
    except (ValueError, RecursionError):
        raise ValidationError("The secret is no JSON document.") from None
    if not all(isinstance(document.get(key), str) for key in ("client_email", "private_key")):
        raise ValidationError("The JSON is no service account: client_email or private_key lacks.")


def fill(row: models.Credential, secret: str) -> None:
    """Put an encrypted copy into the row, and what may be shown of it."""
    fill_in(row, secret, row.provider.auth_kind)


def fill_in(row: models.Secret, secret: str, auth_kind: str) -> None:
    """`fill` for any row that keeps a secret."""
    row.encrypted = encryption.encrypt(secret)
    row.last_four = last_four(secret, auth_kind)
    row.last_tested_at = None
    row.last_test_result = ""


def last_four(secret: str, auth_kind: str) -> str:
    """By which people tell keys apart; of a pair or a document, of the part that is no secret."""
    if secret.startswith("{"):
        secret = str(json.loads(secret).get("private_key_id") or "")
    elif auth_kind == models.Provider.AuthKind.AWS:
        secret = secret.partition(":")[0]
    return secret[-4:] if len(secret) >= _SHOWN_OF_CHARACTERS_MIN else ""


def is_readable(row: models.Secret) -> bool:
    try:
        encryption.decrypt(row.encrypted)
    except encryption.Unreadable:
        return False
    return True

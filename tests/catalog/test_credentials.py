"""Credentials: where they come from, in which order, and that nobody sees them."""

from __future__ import annotations

import io
import json
import logging

import pytest
from catalog_builders import endpoint_row, model_row, provider_row
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from catalog import addresses, checks, credentials, encryption, live, load, models

SECRET = "sk-provider-0123456789abcdef"
ONE, TWO = "1" * 32, "2" * 32
AWS = models.Provider.AuthKind.AWS
GOOGLE = models.Provider.AuthKind.GOOGLE
SERVICE_ACCOUNT = json.dumps(
    {"client_email": "a@b.example", "private_key": "-----BEGIN", "private_key_id": "abcdef123456"}
)


@pytest.fixture(autouse=True)
def key(settings):
    settings.CREDENTIALS_KEY = ONE


def credential_row(provider, secret=SECRET, label="main", **fields):
    row = models.Credential(provider=provider, label=label, **fields)
    credentials.fill(row, secret)
    row.save()
    return row


def run(name, *arguments, typed=None, monkeypatch=None):
    if typed is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=out)
    return out.getvalue()


# --- Order ---------------------------------------------------------------------------------------


def test_stored_ones_come_first_by_position_then_the_environments(db, monkeypatch):
    provider = provider_row(credential_env=["LOCAL_KEY"])
    monkeypatch.setenv("LOCAL_KEY", "environment-key")
    credential_row(provider, "stored-key-two", "b", position=2)
    credential_row(provider, "stored-key-one", "a", position=1)
    credential_row(provider, "stored-key-off", "off", enabled=False)
    found = credentials.of(provider)
    assert [each.secret for each in found] == [
        "stored-key-one",
        "stored-key-two",
        "environment-key",
    ]
    assert [each.source for each in found] == ["stored", "stored", "environment"]
    assert [each.label for each in found] == ["a", "b", "LOCAL_KEY"]
    loaded = load.read_all()
    ids = loaded.catalog.providers["deepinfra"].credential_ids
    assert [loaded.credentials[id].secret for id in ids] == [each.secret for each in found]


def test_numbered_variables_are_more_of_the_same_up_to_the_first_gap(db, monkeypatch):
    provider = provider_row(credential_env=["A_KEY", "LOCAL_KEY"])
    for name, value in {"LOCAL_KEY": "1", "LOCAL_KEY_2": "2", "LOCAL_KEY_4": "4"}.items():
        monkeypatch.setenv(name, value)
    assert [each.label for each in credentials.of(provider)] == ["LOCAL_KEY", "LOCAL_KEY_2"]
    monkeypatch.setenv("A_KEY", "older name, first match wins")
    assert [each.label for each in credentials.of(provider)] == ["A_KEY"]


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, []),
        ({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}, ["AKIA:s"]),
        (
            {
                "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
                "AWS_ACCESS_KEY_ID_2": "AKIB", "AWS_SECRET_ACCESS_KEY_2": "u",
            },
            ["AKIA:s:t", "AKIB:u"],
        ),
    ],
)  # fmt: skip
def test_the_usual_variables_of_aws_are_one_credential(db, monkeypatch, given, secrets):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    provider = provider_row(credential_env=["AWS_ACCESS_KEY_ID"], auth_kind=AWS)
    assert [each.secret for each in credentials.of(provider)] == secrets


def test_credential_of_a_file_is_its_content(db, monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("LOCAL_KEY_FILE", str(tmp_path / "key"))
    (found,) = credentials.of(provider_row(credential_env=["LOCAL_KEY"]))
    assert found.secret == "from-a-file"


# --- Where the provider is served ----------------------------------------------------------------


@pytest.mark.parametrize("stand_in", ["", "http://127.0.0.1:8001/{slug}"])
def test_a_stored_credential_takes_its_provider_to_its_own_address(db, settings, stand_in):
    settings.UNCONFIGURED_PROVIDER_URL = stand_in
    provider = provider_row(credential_env=["LOCAL_KEY"])
    before = load.read().providers["deepinfra"]
    assert before.served_at != provider.base_url and before.credential_ids == ()
    row = credential_row(provider)
    assert load.read().providers["deepinfra"].served_at == provider.base_url
    assert addresses.served_at(models.Provider.objects.get()) == provider.base_url
    row.enabled = False
    row.save()
    assert load.read().providers["deepinfra"] == before


def test_an_unreadable_credential_disables_only_itself_and_is_told_once(db, settings, caplog):
    provider = provider_row(credential_env=["LOCAL_KEY"])
    credential_row(provider, label="lost one")
    settings.CREDENTIALS_KEY = TWO
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert load.read().providers["deepinfra"].served_at is None
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "lost one" in caplog.text and SECRET not in caplog.text
    credential_row(provider, "another-good-key", label="spare")
    (id,) = load.read_all().catalog.providers["deepinfra"].credential_ids
    assert load.read_all().credentials[id].label == "spare"


def test_credentials_follow_the_catalog_and_are_not_part_of_it(db):
    provider = provider_row()
    endpoint_row(model_row(), provider)
    credential_row(provider)
    catalog = live.catalog()
    (id,) = catalog.providers["deepinfra"].credential_ids
    known = live.credentials()
    assert known[id].secret == SECRET
    assert SECRET not in repr(catalog) + repr(known) + repr(load.read_all())


# --- Encryption ----------------------------------------------------------------------------------


def test_the_database_holds_no_secret(db):
    credential_row(provider_row())
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM catalog_credential")
        assert SECRET not in repr(cursor.fetchall())
    out = io.StringIO()
    call_command("dumpdata", "catalog", stdout=out)
    assert "catalog.credential" in out.getvalue() and SECRET not in out.getvalue()


def test_the_same_secret_is_never_encrypted_to_the_same(db):
    assert encryption.encrypt(SECRET) != encryption.encrypt(SECRET)


def test_all_keys_decrypt_and_the_first_encrypts(settings):
    old = encryption.encrypt(SECRET)
    settings.CREDENTIALS_KEY = f"{TWO}, {ONE}"
    assert encryption.decrypt(old) == SECRET
    new = encryption.rotate(old)
    settings.CREDENTIALS_KEY = TWO
    assert encryption.decrypt(new) == SECRET
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(old)


def test_a_key_set_later_loses_nothing_stored_before(settings):
    settings.CREDENTIALS_KEY = ""
    stored = encryption.encrypt(SECRET)
    settings.CREDENTIALS_KEY = ONE
    assert encryption.decrypt(stored) == SECRET
    rotated = encryption.rotate(stored)
    settings.SECRET_KEY = "another"
    assert encryption.decrypt(rotated) == SECRET
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(stored)


@pytest.mark.parametrize("text", ["", "rubbish", "é", Fernet(Fernet.generate_key()).encrypt(b"x")])
def test_what_we_did_not_encrypt_is_unreadable(text):
    with pytest.raises(encryption.Unreadable):
        encryption.decrypt(text if isinstance(text, str) else text.decode())


def test_a_short_key_is_refused(settings):
    settings.CREDENTIALS_KEY = f"{ONE},short"
    with pytest.raises(ImproperlyConfigured, match="CREDENTIALS_KEY") as caught:
        encryption.encrypt(SECRET)
    assert "short" not in str(caught.value).replace("too short", "")
    assert [found.id for found in checks.credentials_keys()] == ["catalog.E001"]


def test_the_deployment_check_asks_for_a_key(settings):
    assert checks.credentials_keys() == checks.credentials_key_is_set() == []
    settings.CREDENTIALS_KEY = ""
    assert [found.id for found in checks.credentials_key_is_set()] == ["catalog.W001"]


# --- What is taken, and shown --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "kind", "shown"),
    [
        (SECRET, "header", "cdef"),
        ("short-key", "header", ""),
        ("AKIAABCDEFGHIJKL:0123456789abcdef", "aws", "IJKL"),
        (SERVICE_ACCOUNT, "google", "3456"),
        ("AIza0123456789", "google", "6789"),
    ],
)
def test_what_may_be_shown_of_a_secret(secret, kind, shown):
    credentials.check(secret, "main", kind)
    assert credentials.last_four(secret, kind) == shown


@pytest.mark.parametrize(
    ("secret", "label", "kind"),
    [
        ("", "main", "header"),
        ("two words", "main", "header"),
        ("line\nbreak", "main", "header"),
        ("schlüssel", "main", "header"),
        ("x" * 20_000, "main", "header"),
        (SECRET, f"the key {SECRET}", "header"),
        (SERVICE_ACCOUNT, "main", "header"),
        ("/etc/passwd", "main", "google"),
        ("{}", "main", "google"),
        ("{", "main", "google"),
    ],
)
def test_what_cannot_be_a_credential_is_refused_without_repeating_it(secret, label, kind):
    with pytest.raises(ValidationError) as caught:
        credentials.check(secret, label, kind)
    assert len(secret) < 6 or secret not in str(caught.value)


def test_labels_tell_the_credentials_of_a_provider_apart(db):
    provider = provider_row()
    credential_row(provider)
    with pytest.raises(IntegrityError):
        credential_row(provider)


@pytest.mark.parametrize(
    ("secret", "text", "left"),
    [
        ("0123456789abcdef", "no 0123456789abcdef", "no ***"),
        ("AKIAABCDEFGH:secret-secret", "the secret-secret of AKIAABCDEFGH", "the *** of ***"),
        ("none", "none of it", "none of it"),
    ],
)
def test_what_a_provider_repeats_of_a_secret_is_hidden(secret, text, left):
    credential = credentials.ProviderCredential("x:1", "main", "stored", secret)
    assert credential.hidden_in(text) == left
    assert secret not in repr(credential)


@pytest.mark.parametrize(("kind", "valid"), [("header", True), ("google", True), ("magic", False)])
def test_unknown_kinds_of_authorization_are_refused(db, kind, valid):
    row = provider_row(auth_kind=kind)
    if valid:
        row.full_clean()
        return
    with pytest.raises(ValidationError, match="magic"):
        row.full_clean()


# --- Commands ------------------------------------------------------------------------------------


def test_add_credential_reads_standard_input(db, monkeypatch):
    provider = provider_row(credential_env=["LOCAL_KEY"])
    told = run(
        "add_credential", "--provider", "deepinfra", typed=f"{SECRET}\n", monkeypatch=monkeypatch
    )
    assert "Stored the credential main of Deepinfra: ...cdef." in told
    assert f"Served at {provider.base_url}." in told and SECRET not in told
    assert load.read_version() == 1
    (found,) = credentials.of(provider)
    assert found.secret == SECRET


def test_add_credential_replaces_what_has_its_label(db, monkeypatch):
    provider = provider_row()
    credential_row(provider, position=3)
    monkeypatch.setenv("NEW_KEY", "sk-new-0123456789")
    words = ("--provider", "Deepinfra", "--label", "main", "--from-env", "NEW_KEY")
    assert run("add_credential", *words).startswith("Replaced the credential main")
    row = models.Credential.objects.get()
    assert (row.position, row.last_four) == (3, "6789")
    assert encryption.decrypt(row.encrypted) == "sk-new-0123456789"


@pytest.mark.parametrize(
    ("words", "typed", "message"),
    [
        (["--provider", "nobody"], SECRET, "there is no provider"),
        (["--provider", "deepinfra"], "", "empty"),
        (["--provider", "deepinfra"], "two words", "without spaces"),
        (["--provider", "deepinfra", "--label", "a\nb"], SECRET, "single spaces"),
        (["--provider", "deepinfra", "--label", SECRET], SECRET, "labels are shown"),
        (["--provider", "deepinfra", "--from-env", "NOT_SET"], SECRET, "NOT_SET is not set"),
    ],
)
def test_add_credential_refuses(db, monkeypatch, words, typed, message):
    provider_row()
    with pytest.raises(CommandError, match=message) as caught:
        run("add_credential", *words, typed=typed, monkeypatch=monkeypatch)
    assert SECRET not in str(caught.value)
    assert not models.Credential.objects.exists() and load.read_version() == 0


def test_rotating_makes_the_old_key_needless(db, settings):
    provider = provider_row()
    credential_row(provider)
    credential_row(provider, "sk-second-key-123", label="spare")
    settings.CREDENTIALS_KEY = f"{TWO},{ONE}"
    assert "(from CREDENTIALS_KEY): 2" in run("rotate_credentials")
    settings.CREDENTIALS_KEY = TWO
    secrets = [each.secret for each in credentials.of(models.Provider.objects.get())]
    assert secrets == [SECRET, "sk-second-key-123"]
    assert load.read_version() == 1


def test_rotating_names_what_cannot_be_read_and_does_the_rest(db, settings):
    provider = provider_row()
    credential_row(provider, label="lost one")
    settings.CREDENTIALS_KEY = TWO
    kept = credential_row(provider, label="kept")
    settings.CREDENTIALS_KEY = f"{'3' * 32},{TWO}"
    with pytest.raises(CommandError, match="Deepinfra: lost one"):
        run("rotate_credentials")
    settings.CREDENTIALS_KEY = "3" * 32
    kept.refresh_from_db()
    assert encryption.decrypt(kept.encrypted) == SECRET

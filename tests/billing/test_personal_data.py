"""What a person takes along: all of it, none of anybody else's, and no secret."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from ledger_rows import DOLLAR, admit, person, settle, write

from accounts import kept_prompts, keys, members, provider_keys
from accounts.kept_prompts import Entry
from accounts.models import ApiKey, User
from billing import personal_data
from billing.models import Generation
from catalog.models import Provider

SECRET = "sk-own-0123456789abWXYZ"


def exported(user_id):
    raw = b"".join(personal_data.pieces(User.objects.get(pk=user_id)))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def alice(books, tmp_path):
    alice = person(credits_nano=DOLLAR)
    for number in range(3):
        id = f"gen-{number}"
        write(tmp_path, admit(alice, 1000, id=id), settle(alice, id, 7, app_title="=evil()"))
    return alice


def test_everything_of_the_account_is_there(alice):
    User.objects.filter(pk=alice.user_id).update(log_prompts=True)
    said = {"prompt": "Hello", "answer": "Hi"}
    kept_prompts.store([Entry("gen-0", alice.user_id, datetime.now(UTC), said)])
    files = exported(alice.user_id)
    account = json.loads(files["account.json"])
    assert account["email"] == "alice@example.com"
    assert Decimal(account["credits"]) == Decimal("0.999999979")
    assert account["settings"]["prompt_days"] == 30
    assert [row["spent"] for row in json.loads(files["keys.json"])] == ["0.000000021"]
    transfers = table(files["transfers.csv"])
    assert len(transfers) == 4
    assert Decimal(transfers[-1]["balance"]) == Decimal(account["credits"])
    generations = table(files["generations.csv"])
    assert {row["id"] for row in generations} == {"gen-0", "gen-1", "gen-2"}
    assert generations[0]["cost_nano"] == "7"
    assert generations[0]["app_title"] == "'=evil()"
    (line,) = files["prompts.jsonl"].splitlines()
    assert json.loads(line)["prompt"] == "Hello"


def test_no_secret_and_nothing_of_anybody_else(alice):
    bob = person("bob")
    user = User.objects.get(pk=alice.user_id)
    _, text = keys.create(user, "ci")
    openai = Provider.objects.create(slug="openai", name="OpenAI", base_url="https://o.example")
    provider_keys.create(user.pk, openai, SECRET, {"name": "work"})
    files = exported(alice.user_id)
    everything = "\n".join(files.values())
    assert text not in everything and SECRET not in everything
    assert keys.digest(text) not in everything
    (own,) = json.loads(files["provider_keys.json"])
    assert (own["name"], own["key"]) == ("work", "...WXYZ")
    assert "bob" not in everything
    assert "alice" not in "\n".join(exported(bob.user_id).values())


def test_members_and_their_keys_are_part_of_the_account(alice):
    bob = person("bob")
    owner = User.objects.get(pk=alice.user_id)
    member = members.add(owner, User.objects.get(pk=bob.user_id), "member", actor="test")
    keys.create(owner, "of bob", member=member)
    files = exported(alice.user_id)
    assert [each["email"] for each in json.loads(files["members.json"])["members"]] == [
        "bob@example.com"
    ]
    by_name = {row["name"]: row for row in json.loads(files["keys.json"])}
    assert by_name["of bob"]["of_member"] == "bob@example.com"
    of_bob = exported(bob.user_id)
    assert json.loads(of_bob["members.json"])["member_of"][0]["email"] == "alice@example.com"
    assert {row["name"] for row in json.loads(of_bob["keys.json"])} == {"API key", "of bob"}


def test_every_request_is_there_once_over_many_pages(alice, monkeypatch):
    monkeypatch.setattr(personal_data, "_PAGE_ROWS", 2)
    generations = table(exported(alice.user_id)["generations.csv"])
    ids = [row["id"] for row in generations]
    assert sorted(ids) == sorted(Generation.objects.values_list("pk", flat=True))
    assert ApiKey.objects.count() == 1

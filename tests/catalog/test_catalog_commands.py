from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path

import pytest
from catalog_builders import document, endpoint_entry
from django.core.management import CommandError, call_command

from catalog import load, models
from routing.adapters import DIALECTS

pytestmark = pytest.mark.django_db


def run(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def add_local(*more):
    return run("add_provider", "--name", "Local", "--base-url", "http://127.0.0.1:8080/v1", *more)


def add_llama(*more, provider="Local", model="alice/llama", prompt="0.1"):
    words = ["--provider", provider, "--model", model, "--upstream-model", "llama3"]
    prices = ["--prompt-price", prompt, "--completion-price", "0.2", "--context", "8192"]
    return run("add_endpoint", *words, *prices, *more)


def test_load_without_a_source_loads_the_packaged_catalog_once():
    assert "Added: 24 providers, 143 models, 262 endpoints." in run("load_catalog")
    assert "Nothing to change." in run("load_catalog")
    assert load.read_version() == 1


def test_load_file_shows_the_price_change(tmp_path):
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(document()))
    run("load_catalog", str(path))
    path.write_text(json.dumps(document(endpoints=[endpoint_entry(completion="0.0000003")])))
    told = run("load_catalog", str(path), "--dry-run")
    assert "price completion $0.2 → $0.3 per 1M tokens" in told
    assert "Changed: 1 endpoint." in told and "Dry run: nothing was changed." in told
    assert load.read_version() == 1
    run("load_catalog", str(path))
    assert load.read_version() == 2


def test_load_if_empty_leaves_a_catalog_alone(tmp_path):
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(document()))
    run("load_catalog", str(path))
    assert "There is a catalog already." in run("load_catalog", "--if-empty")
    assert models.Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/nowhere/catalog.json", "/nowhere/catalog.json: cannot be read: No such file"),
        ("ftp://example/catalog.json", "only http:// and https://"),
        ("http://bob:secret@127.0.0.1:1/x?token=secret", "http://127.0.0.1:1/x: cannot be fetched"),
        ("http://[", "cannot be fetched"),
    ],
)
def test_load_tells_what_is_wrong_with_its_source(source, message):
    with pytest.raises(CommandError) as caught:
        run("load_catalog", source)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/catalog.json"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps(document()).encode() if found else b"no")

    def log_message(self, *words):
        pass


@pytest.fixture
def web():
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_load_from_a_url(web):
    assert "Added: 1 provider, 1 model, 1 endpoint." in run("load_catalog", f"{web}/catalog.json")
    with pytest.raises(CommandError, match="the server answered 404"):
        run("load_catalog", f"{web}/other.json")


def test_add_provider_and_endpoint_are_served_at_once():
    assert "Served at http://127.0.0.1:8080/v1." in add_local()
    assert "Added endpoint alice/llama @ Local." in add_llama("--max-completion", "1024")
    model = load.read().models["alice/llama"]
    (endpoint,) = model.endpoints
    assert model.name == "llama" and model.context_length == 8192
    assert (endpoint.prices.prompt_pico, endpoint.prices.completion_pico) == (100_000, 200_000)
    assert (endpoint.context_length, endpoint.max_completion_tokens) == (8192, 1024)
    assert {"tools", "tool_choice", "temperature", "stop"} <= endpoint.supported_parameters
    assert endpoint.upstream_model == "llama3"
    assert endpoint.provider.served_at == "http://127.0.0.1:8080/v1"
    assert endpoint.provider.chat_path == "/chat/completions"
    assert endpoint.provider.takes_stream_options


def test_adding_the_same_again_changes_nothing():
    add_local()
    add_llama()
    version = load.read_version()
    assert "is so already" in add_local()
    assert "is so already" in add_llama()
    assert load.read_version() == version


def test_adding_again_changes_what_is_named_and_nothing_else():
    add_local("--api-key-env", "LOCAL_KEY")
    add_llama("--parameters", "temperature, stop", "--name", "Llama")
    told = run("add_provider", "--name", "local", "--base-url", "http://127.0.0.1:9/v1/")
    assert "base url http://127.0.0.1:8080/v1 → http://127.0.0.1:9/v1" in told
    assert "price prompt $0.1 → $0.15 per 1M tokens" in add_llama(prompt="0.15")
    provider, endpoint = models.Provider.objects.get(), models.Endpoint.objects.get()
    assert provider.credential_env == ["LOCAL_KEY"]
    assert endpoint.supported_parameters == ["temperature", "stop"]
    assert models.Model.objects.get().name == "Llama"


def test_provider_with_a_key_waits_for_it(monkeypatch):
    assert "Not served yet: set LOCAL_KEY" in add_local("--api-key-env", "LOCAL_KEY")
    monkeypatch.setenv("LOCAL_KEY", "secret")
    assert "Served at" in add_local("--api-key-env", "LOCAL_KEY")


def test_tags_tell_endpoints_of_one_provider_apart():
    add_local()
    add_llama()
    add_llama("--tag", "local/fast", prompt="0.3")
    endpoints = load.read().models["alice/llama"].endpoints
    assert [row.tag for row in endpoints] == ["", "local/fast"]


def test_what_was_added_survives_a_load_with_prune():
    add_local()
    add_llama()
    run("load_catalog", "--prune")
    assert len(load.read().models["alice/llama"].endpoints) == 1


def test_unknown_provider_lists_the_known_ones():
    add_local()
    with pytest.raises(CommandError, match="no provider 'Lokal'. Known: Local."):
        add_llama(provider="Lokal")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "llama"}, "use author/name"),
        ({"prompt": "-1"}, "--prompt-price: price '-1' is below zero"),
        ({"prompt": "cheap"}, "--prompt-price: price 'cheap' is not a decimal number"),
        ({"prompt": "0.0000001"}, "finer than"),
        ({"prompt": "100000001"}, "is too large"),
    ],
)
def test_add_endpoint_refuses_and_leaves_nothing_behind(options, message):
    add_local()
    with pytest.raises(CommandError) as caught:
        add_llama(**options)
    assert message in str(caught.value)
    assert not models.Model.objects.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--name", "X"], "give --name and --base-url, or --preset"),
        (["--base-url", "http://h"], "give --name and --base-url, or --preset"),
        (["--name", "X", "--base-url", "localhost:8080"], "base_url: must start with http"),
        (["--name", "X", "--base-url", "http://bob:pw@h/v1"], "must not hold a credential"),
        (["--name", "!", "--base-url", "http://h/v1"], "--slug is needed"),
        (["--name", "X", "--base-url", "http://h", "--dialect", "cohere"], "--chat-path is needed"),
        (["--name", "X", "--base-url", "http://h", "--slug", "A B"], "slug: use lower-case"),
        (["--name", "X", "--base-url", "http://h", "--api-key-env", "sk-1"], "must name environ"),
        (["--name", "Local!", "--base-url", "http://h"], "the slug 'local' belongs to Local"),
        (["--name", "Local", "--base-url", "http://h", "--slug", "x"], "has this name"),
    ],
)
def test_add_provider_refuses(words, message):
    add_local()
    with pytest.raises(CommandError) as caught:
        run("add_provider", *words)
    assert message in str(caught.value)
    assert "sk-1" not in str(caught.value)
    assert models.Provider.objects.count() == 1


PRESETS = json.loads((Path(models.__file__).parent / "data" / "presets.json").read_text())


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_needs_nothing_else(preset):
    run("add_provider", "--preset", preset)
    row = models.Provider.objects.get(slug=preset.replace(".", "-"))
    for field, value in PRESETS[preset].items():
        assert getattr(row, field) == value
    assert row.dialect in DIALECTS
    assert run("add_provider", "--preset", preset).startswith("Provider ")


@pytest.mark.parametrize(
    ("words", "manners"),
    [
        ((), (True, True, False)),
        (("--no-trains",), (False, True, False)),
        (("--no-trains", "--no-retains"), (False, False, False)),
        (("--cancels",), (True, True, True)),
    ],
)
def test_what_nobody_says_of_a_provider_counts_as_the_worst(words, manners):
    add_local(*words)
    row = models.Provider.objects.get(slug="local")
    assert (row.may_train, row.retains_prompts, row.supports_cancellation) == manners


def test_what_is_named_beside_a_preset_wins():
    run(
        "add_provider", "--preset", "ollama", "--name", "Big", "--base-url", "http://10.0.0.9:1/v1/"
    )
    row = models.Provider.objects.get(slug="big")
    assert (row.base_url, row.chat_path) == ("http://10.0.0.9:1/v1", "/chat/completions")

from __future__ import annotations

import ast
import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import snippets
from ui.snippets import Wishes

HERE, MODEL = "https://here.example", "meta-llama/llama-3-8b-instruct"
EVERYTHING = Wishes(
    stream=True,
    json_mode=True,
    provider={"order": ["Together", "DeepInfra"], "allow_fallbacks": False},
)
names = st.text("aé 7'\"\\$`{}\n", max_size=8)
wishes = st.builds(
    Wishes,
    stream=st.booleans(),
    json_mode=st.booleans(),
    provider=st.dictionaries(
        st.sampled_from(["order", "data_collection", "allow_fallbacks"]),
        st.booleans() | names | st.lists(names, max_size=2),
    ),
)


def texts(wanted):
    found = {each.value: each.text for each in snippets.chat(HERE, MODEL, wanted)}
    return found | {"langchain": snippets.langchain(HERE, MODEL, wanted).text}


def curl_body(text):
    return json.loads(text.partition("-d '")[2].removesuffix("'").replace("'\\''", "'"))


@given(wishes)
def test_the_body_of_curl_asks_for_what_is_wished_and_for_no_more(wanted):
    body = curl_body(texts(wanted)["curl"])
    assert body.pop("model") == MODEL
    assert body.pop("messages") == [{"role": "user", "content": wanted.text}]
    assert body.pop("stream", False) == wanted.stream
    assert ("response_format" in body) == wanted.json_mode
    body.pop("response_format", None)
    assert body == ({"provider": dict(wanted.provider)} if wanted.provider else {})


@given(wishes)
def test_python_is_python_whatever_is_wished(wanted):
    for name in ("python", "langchain"):
        tree = ast.parse(texts(wanted)[name])
        calls = [
            {keyword.arg: keyword.value for keyword in node.keywords}
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        ]
        (call,) = [each for each in calls if "model" in each]
        assert ast.literal_eval(call["model"]) == MODEL
        extra = ast.literal_eval(call["extra_body"]) if "extra_body" in call else {}
        assert extra == ({"provider": dict(wanted.provider)} if wanted.provider else {})


@pytest.mark.parametrize("wanted", [Wishes(), EVERYTHING])
def test_typescript_has_no_fault_of_syntax(wanted, tool):
    source = texts(wanted)["typescript"]
    done = subprocess.run(
        [tool("node"), "--input-type=module", "--check"], input=source, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ("for await" in source) == wanted.stream
    assert ("@ts-expect-error" in source) == bool(wanted.provider)


def test_curl_survives_a_shell_whatever_a_provider_is_called(tmp_path):
    wanted = Wishes(provider={"order": ['Alice\'s $(rm -rf) \\ "GPU"']})
    shown = tmp_path / "curl"
    shown.write_text('#!/bin/sh\nprintf %s "$7"\n')
    shown.chmod(0o755)
    done = subprocess.run(
        [shutil.which("sh"), "-c", texts(wanted)["curl"]], capture_output=True, text=True,
        env={"PATH": str(tmp_path), "OPENROUTER_API_KEY": "x"}, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["provider"] == wanted.provider


def test_no_snippet_has_a_key_in_it():
    for text in texts(EVERYTHING).values():
        assert "OPENROUTER_API_KEY" in text and "sk-or" not in text
        assert f"{HERE}/api/v1" in text

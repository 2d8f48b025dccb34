"""Every sample of the documentation does what it says, against the running product."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from gateway_process import unique
from samples import MARKS, ROOT, SAMPLES, WRITTEN, marked
from unrun import UNRUN

pytestmark = pytest.mark.database

RUN = Path(__file__).parent
CLIENTS = ROOT / "tests" / "clients"
DEADLINE_S = 100


def of_id(samples):
    return [pytest.param(sample, id=sample.id) for sample in samples]


def test_every_sample_says_what_it_is():
    wrong = [
        f"{sample.id} ```{sample.language} {sample.mark}"
        for sample in SAMPLES
        if sample.mark not in MARKS.get(sample.language, ())
    ]
    assert SAMPLES and not wrong


def test_what_is_not_run_is_listed_with_its_reason():
    found = [f"{sample.page}/{sample.name}" for sample in marked("unrun")]
    assert sorted(found) == sorted(UNRUN)


def test_python_that_is_not_run_is_python():
    for sample in marked("unrun", "python"):
        compile(sample.text, sample.id, "exec")


@pytest.fixture(scope="module")
def server(new_gateway):
    """Of its own: the samples change accounts and the catalog."""
    gateway = new_gateway().start()
    # The people of the commands; bob has an account to be let into another.
    for name in ("alice", "bob"):
        gateway.caller(credits="20", email=f"{name}@example.com")
    return gateway


@pytest.fixture(scope="module")
def caller(server):
    return server.caller(credits="50", email=f"{unique('reader')}@example.com", ignored=())


@pytest.fixture(scope="module")
def environment(server, caller, tmp_path_factory, tool):
    """As a reader's shell, but that curl fails when the answer is an error."""
    programs = tmp_path_factory.mktemp("programs")
    curl = programs / "curl"
    curl.write_text(f'#!/bin/sh\nexec {tool("curl")} --fail-with-body -sS --max-time 30 "$@"\n')
    curl.chmod(0o755)
    email = server.sql("SELECT email FROM accounts_user WHERE id = %s", caller.user_id)[0]["email"]
    made = server.desk("command", name="createkey", arguments=["--email", email, "--management"])
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(programs),
        "OPENROUTER_API_KEY": caller.key,
        "OPENROUTER_MANAGEMENT_KEY": made["output"].split()[-1],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def run(server, environment, folder):
    """The output of a program, which ends well."""

    def execute(*command):
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True,
            timeout=DEADLINE_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return execute


@pytest.fixture(scope="module")
def written(folder, server):
    """Samples as files: {path: sample}."""

    def write(samples, ending):
        files = {}
        for sample in samples:
            path = folder / f"{sample.page}-{sample.line}.{ending}"
            path.write_text(sample.text.replace(WRITTEN, server.url))
            files[str(path)] = sample
        return files

    return write


def errors_of(output, files):
    """What the programs that run many samples tell: {id of a sample: error}."""
    lines = [json.loads(line) for line in output.splitlines()]
    return {files[line["file"]].id: line["error"] for line in lines}


@pytest.fixture(scope="module")
def python_errors(run, written):
    """Of all Python samples, in one interpreter: the client library takes a second to load."""
    files = written(marked("run", "python"), "py")
    return errors_of(run(sys.executable, "-W", "error", str(RUN / "run_samples.py"), *files), files)


@pytest.fixture(scope="module")
def typescript_errors(run, written, folder, tool, unavailable):
    """As JavaScript: our samples have no types."""
    if not (CLIENTS / "node_modules" / "openai").is_dir():
        unavailable("tests/clients/node_modules (npm ci in tests/clients)")
    (folder / "node_modules").symlink_to((CLIENTS / "node_modules").resolve())
    files = written(marked("run", "ts"), "mjs")
    return errors_of(run(tool("node"), str(RUN / "run_samples.mjs"), *files), files)


@pytest.mark.parametrize("sample", of_id(marked("run", "bash")))
def test_shell(sample, run, server, tool):
    assert run(tool("bash"), "-euc", sample.text.replace(WRITTEN, server.url))


@pytest.mark.parametrize("sample", of_id(marked("run", "python")))
def test_python(sample, python_errors):
    assert python_errors[sample.id] == ""


@pytest.mark.parametrize("sample", of_id(marked("run", "ts")))
def test_typescript(sample, typescript_errors):
    assert typescript_errors[sample.id] == ""


@pytest.mark.parametrize("sample", of_id(marked("manage")))
def test_commands(sample, server):
    for line in sample.text.replace("\\\n", "").splitlines():
        program, script, name, *arguments = shlex.split(line.partition(" > ")[0])
        assert (program, script) == (".venv/bin/python", "manage.py")
        done = server.desk("command", name=name, arguments=arguments)
        assert done is not None, f"no command {name}"
        assert done["status"] == 0, done["output"]


@pytest.mark.parametrize("sample", of_id(marked("request")))
def test_bodies(sample, server, caller):
    """The plan for it is made, so every field is known and somebody would serve it."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/route",
        sample.text.encode(),
        {"Authorization": f"Bearer {caller.key}"},
    )
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
        assert json.load(response)["data"]["routes"]


@pytest.mark.parametrize("sample", of_id(marked("error")))
def test_shape_of_errors(sample):
    error = json.loads(sample.text)["error"]
    assert {"code", "message"} <= set(error) <= {"code", "message", "metadata"}
    assert isinstance(error["code"], int) and isinstance(error["message"], str)


@pytest.mark.parametrize("sample", of_id(marked("output", "sse")))
def test_frames(sample):
    for line in filter(None, sample.text.splitlines()):
        if not line.startswith(":") and line != "data: [DONE]":
            assert json.loads(line.removeprefix("data: "))["id"].startswith("gen-")

"""`make run` as its operator meets it: the start, the stop, and one sentence for what is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from gateway_process import free_port

ROOT = Path(__file__).resolve().parent.parent
WAIT_S = 60


def free_ports() -> int:
    """A port that is free like the one after it."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port + 1)):
            return port


def environment(data_dir: Path, **changes: str) -> dict[str, str]:
    ours = {"PRODUCTION", "SITE_URL", "DATABASE_URL", "REDIS_URL", "WORKERS", "HOST", "SIMULATOR"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return inherited | {"DATA_DIR": str(data_dir), "PORT": str(free_ports())} | changes


def start(variables: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "openrouter_site.supervisor"],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(data_dir: Path, **changes: str) -> str:
    """What is said by a start that must fail: one line, exit code 1."""
    supervisor = start(environment(data_dir, **changes))
    output, errors = supervisor.communicate(timeout=WAIT_S)
    assert (supervisor.returncode, output) == (1, "")
    assert errors.count("\n") == 1
    return errors


def read_block(supervisor: subprocess.Popen[str]) -> str:
    """Everything up to the last line of the block."""
    assert supervisor.stdout is not None
    lines = []
    for line in supervisor.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError("".join(lines) + supervisor.stderr.read())  # type: ignore[union-attr]


def running(data_dir: Path) -> list[int]:
    """Processes that work on this directory: Linux shows their environment."""
    needle = f"DATA_DIR={data_dir}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if needle in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def wait_until_none_is_left(data_dir: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while running(data_dir):
        assert time.monotonic() < deadline, running(data_dir)
        time.sleep(0.05)


@contextlib.contextmanager
def serving(data_dir: Path):
    """A started product: (process, the block it printed, DATA_DIR); nothing is left of it."""
    supervisor = start(environment(data_dir))
    try:
        yield supervisor, read_block(supervisor), data_dir
    finally:
        supervisor.kill()
        supervisor.communicate(timeout=WAIT_S)
        wait_until_none_is_left(data_dir)


@pytest.fixture
def served(tmp_path: Path):
    with serving(tmp_path) as product:
        yield product


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One product for the tests that leave it running."""
    with serving(tmp_path_factory.mktemp("shared")) as product:
        yield product


def test_the_printed_curl_line_streams_an_answer(shared, tool) -> None:
    _, block, _ = shared
    tool("curl")
    line = re.search(r"^curl .*$", block, re.MULTILINE)
    assert line is not None
    answer = subprocess.run(
        shlex.split(line[0]), capture_output=True, text=True, timeout=WAIT_S, check=True
    ).stdout
    data = [line[6:] for line in answer.splitlines() if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    assert json.loads(data[-2])["usage"]["completion_tokens"] > 0


def test_the_block_names_what_was_made(shared) -> None:
    _, block, data_dir = shared
    demo = json.loads((data_dir / "demo.json").read_text())
    for part in (demo["email"], demo["password"], demo["api_key"], str(data_dir), "SQLite"):
        assert part in block
    assert (data_dir / "demo.json").stat().st_mode & 0o777 == 0o600


def test_sigterm_ends_every_process_and_a_second_start_keeps_the_account(served) -> None:
    supervisor, block, data_dir = served
    supervisor.send_signal(signal.SIGTERM)
    output, errors = supervisor.communicate(timeout=WAIT_S)
    assert (supervisor.returncode, output.strip(), errors) == (0, "Stopped.", "")
    assert running(data_dir) == []
    second = start(environment(data_dir))
    again = read_block(second)
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=WAIT_S)
    key = r"sk-or-v1-[0-9a-f]{64}"
    assert re.search(key, again)[0] == re.search(key, block)[0]


def test_a_killed_supervisor_leaves_no_process_behind(served) -> None:
    supervisor, _, data_dir = served
    assert len(running(data_dir)) >= 4
    supervisor.kill()
    supervisor.wait()
    wait_until_none_is_left(data_dir)


def test_a_second_server_on_the_same_data_is_refused(shared) -> None:
    supervisor, _, data_dir = shared
    assert f"Another server (process {supervisor.pid})" in refusal(data_dir)


def test_without_the_simulator_nothing_listens_on_the_next_port(tmp_path: Path) -> None:
    variables = environment(tmp_path, SIMULATOR="0")
    supervisor = start(variables)
    block = read_block(supervisor)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", int(variables["PORT"]) + 1))
    with urllib.request.urlopen(f"http://127.0.0.1:{variables['PORT']}/readyz") as answer:
        assert answer.status == 200
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=WAIT_S)
    assert "Simulator" not in block


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_named(tmp_path: Path, offset: int) -> None:
    port = free_ports()
    with socket.create_server(("127.0.0.1", port + offset)):
        said = refusal(tmp_path, PORT=str(port))
    assert f"Port {port + offset} " in said
    assert "address already in use" in said


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"PORT": "many"}, "PORT='many' is not a number"),
        ({"WORKERS": "0"}, "WORKERS='0' is below 1"),
        ({"PRODUCTION": "1"}, "needs SECRET_KEY"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "use postgresql:// or sqlite:///"),
        ({"DATABASE_URL": "sqlite:////nowhere/db.sqlite3"}, "cannot be reached"),
        ({"REDIS_URL": "http://localhost"}, "check REDIS_URL"),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    assert said in refusal(tmp_path, **changes)


@pytest.mark.parametrize(
    "variable, url", [("DATABASE_URL", "postgresql://{}/x"), ("REDIS_URL", "redis://{}/0")]
)
def test_a_service_that_is_down_is_named_without_its_password(
    tmp_path: Path, variable: str, url: str
) -> None:
    address = f"bob:s3cret@127.0.0.1:{free_ports()}"
    said = refusal(tmp_path, **{variable: url.format(address)})
    assert f"check {variable}" in said
    assert "s3cret" not in said


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(tmp_path / "file" / "var")
    assert f"{tmp_path}/file/var" in said
    assert "DATA_DIR=/path" in said

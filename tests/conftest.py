"""What several kinds of tests share: the running product, and what to do when a tool is missing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).parent / "simulator"))

from gateway_process import Gateway, Template
from simulator_process import Simulator, start, stop

# How long an example takes says nothing on a machine that is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def _unavailable(what):
    """Skip, or fail where everything is required (REQUIRE_ALL=1, as in CI)."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is required and not here")
    pytest.skip(f"{what} is not here")


def pytest_collection_modifyitems(config, items):
    """Tests of one engine: `@pytest.mark.engine("postgresql")` or `("sqlite")`.

    What only SQLite has is no gap on PostgreSQL. The other way round it is one, and listed as such,
    unless somebody promises to run the tests there too (REQUIRE_ALL=1, as in CI).
    """
    here = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    elsewhere = []
    for item in items:
        mark = item.get_closest_marker("engine")
        if mark is None or mark.args == (here,):
            continue
        if here == "postgresql" or os.environ.get("REQUIRE_ALL") == "1":
            elsewhere.append(item)
        else:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL (DATABASE_URL)"))
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]


def pytest_sessionfinish(session):
    """Where everything is required, whatever was skipped was not shown."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("REQUIRE_ALL") == "1" and reporter and reporter.stats.get("skipped"):
        reporter.write_line("REQUIRE_ALL=1: nothing may be skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def unavailable():
    """`unavailable("what")`, for a test that cannot run here."""
    return _unavailable


@pytest.fixture(scope="session")
def tool():
    """`tool("node")`: the path of a program, or the test is skipped."""

    def find(name):
        return shutil.which(name) or _unavailable(name)

    return find


@pytest.fixture(scope="session")
def fast_simulator(tmp_path_factory):
    """Providers that answer as fast as they can."""
    log_path = tmp_path_factory.mktemp("providers") / "log.jsonl"
    process, port = start("--ttft-ms", "0", "--tokens-per-second", "0", "--log", str(log_path))
    running = Simulator(port, log_path)
    yield running
    for client in running.clients.values():
        client.close()
    assert stop(process) == ""


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """SQLite, or the PostgreSQL server of DATABASE_URL with databases of our own."""
    url = os.environ.get("DATABASE_URL", "")
    server_url = url if url.startswith("postgres") else ""
    made = Template(tmp_path_factory.mktemp("database"), server_url)
    yield made
    made.drop()


def _end(gateways):
    """All at once: each may take a while to be done with its streams."""
    for gateway in gateways:
        gateway.ask_to_stop()
    for gateway in gateways:
        gateway.close()


@pytest.fixture(scope="session")
def lasting_gateways():
    """The servers that many modules share; they end with the session."""
    made = []
    yield made
    _end(made)


@pytest.fixture(scope="module")
def gateways():
    """The servers of one module; they end with it."""
    made = []
    yield made
    _end(made)


def _maker(template, simulator, tmp_path_factory, made):
    def make(**how):
        folder = tmp_path_factory.mktemp("gateway")
        made.append(Gateway(template, simulator, folder, **how))
        return made[-1]

    return make


@pytest.fixture(scope="session")
def lasting_gateway(template, fast_simulator, tmp_path_factory, lasting_gateways):
    """Makes servers for several modules (not started yet), with databases of their own."""
    return _maker(template, fast_simulator, tmp_path_factory, lasting_gateways)


@pytest.fixture(scope="module")
def new_gateway(template, fast_simulator, tmp_path_factory, gateways):
    """Makes servers for one module (not started yet), with databases of their own; with
    `is_empty=True` there is no catalog in it."""
    return _maker(template, fast_simulator, tmp_path_factory, gateways)


@pytest.fixture(scope="session")
def gateway(lasting_gateway):
    """The product as it comes."""
    return lasting_gateway().start()


@pytest.fixture(scope="session")
def impatient_gateway(lasting_gateway):
    """The same with short deadlines: first content 2 s, between chunks 2.25 s, comments 0.25 s."""
    return lasting_gateway(TIMEOUT_SCALE="0.05", FIRST_CONTENT_TIMEOUT_S="40").start()

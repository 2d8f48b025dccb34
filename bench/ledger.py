"""`make bench-ledger`: holds and settlements per second of the ledger alone, without HTTP.

Each process has a writer (billing.writer) as a server has, and so many requests in flight: admit a
hold, settle it, the next one. One account and a thousand accounts, one process and four; on SQLite
in DATA_DIR's folder and on the PostgreSQL that --database names (an empty database). Beside it what
the disk takes for one fsync, and how busy the processors were: that says what the bound is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_IN_FLIGHT = 512
_CREDITS_NANO = 10**15
_HOLD_NANO = 2_000_000
_COST_NANO = 1_234_567
_START_S = 1.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--database", default="", metavar="postgresql://...", help="an empty one")
    parser.add_argument("--folder", help="where SQLite's file is made: its disk is measured too")
    parser.add_argument("--accounts", default="1,1000", help="numbers of accounts")
    parser.add_argument("--processes", default="1,4", help="numbers of processes")
    parser.add_argument(
        "--in-flight", type=int, default=_IN_FLIGHT, help="requests at once, in all"
    )
    parser.add_argument("--task", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if given.task:
        print(json.dumps(_TASKS[given.task](json.loads(sys.stdin.read()))), flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="bench-ledger-", dir=given.folder) as folder:
        print(table(given, Path(folder)))


# --- the run -----------------------------------------------------------------------------------


def table(given: argparse.Namespace, folder: Path) -> str:
    urls = [f"sqlite:///{folder / 'ledger.sqlite3'}"]
    urls += [given.database] if given.database else []
    fsync_ms = _fsync_ms(folder)
    lines = [
        "| database | accounts | processes | holds + settles /s | operations a commit |"
        " commits /s | commit ms (median, p99) | CPU of the processes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for url in urls:
        env = {
            **os.environ,
            "DATABASE_URL": url, "DATA_DIR": str(folder), "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "openrouter_site.settings", "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        people = _task("prepare", {"accounts": max(_numbers(given.accounts))}, env)
        for accounts in _numbers(given.accounts):
            for processes in _numbers(given.processes):
                found = _measured(given, env, people[:accounts], processes)
                name = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
                lines.append(_row(name, accounts, processes, found))
                print(lines[-1], file=sys.stderr, flush=True)
        lines.append(f"\n{_task('verify', {}, env)}\n" if url == urls[-1] else "")
    lines = [line for line in lines if line]
    return "\n".join([*lines, f"Write 4 KiB and fsync in the folder: {fsync_ms:.2f} ms (median)."])


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _fsync_ms(folder: Path) -> float:
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(200):
            began_s = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began_s)
    return statistics.median(times) * 1e3


def _start(task: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, "--task", task], env=env, cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str], wanted: Any) -> Any:
    output, _ = process.communicate(json.dumps(wanted))
    if process.returncode:
        sys.exit(f"bench: a process ended with {process.returncode}")
    return json.loads(output.splitlines()[-1])


def _task(task: str, wanted: Any, env: dict[str, str]) -> Any:
    return _ended(_start(task, env), wanted)


def _measured(
    given: argparse.Namespace, env: dict[str, str], people: list[Any], processes: int
) -> list[Any]:
    """What each process says of itself; they begin at the same moment."""
    started = [_start("load", env) for _ in range(processes)]
    wanted = {
        "people": people, "seconds": given.seconds, "in_flight": given.in_flight // processes,
        "begin_at": time.time() + _START_S + 2.5 * processes,
    }  # fmt: skip
    for number, process in enumerate(started):
        assert process.stdin is not None
        process.stdin.write(json.dumps(wanted | {"number": number}))
        process.stdin.close()
    found = []
    for process in started:
        assert process.stdout is not None
        output = process.stdout.read()
        if process.wait():
            sys.exit(f"bench: a process ended with {process.returncode}")
        found.append(json.loads(output.splitlines()[-1]))
    return found


def _row(name: str, accounts: int, processes: int, found: list[Any]) -> str:
    operations = sum(each["operations"] for each in found)
    commits = sum(each["commits"] for each in found)
    seconds = max(each["seconds"] for each in found)
    median = statistics.median(each["commit_ms"] for each in found)
    worst = max(each["commit_p99_ms"] for each in found)
    cpu = sum(each["cpu_s"] for each in found) / seconds
    failed = sum(each["failed"] for each in found)
    note = f" ({failed} failed)" if failed else ""
    return (
        f"| {name} | {accounts:,} | {processes} | {operations / seconds:,.0f}{note}"
        f" | {operations / max(1, commits):.0f} | {commits / seconds:,.0f}"
        f" | {median:.1f}, {worst:.1f} | {cpu:.1f} cores |"
    )


# --- in processes of their own -----------------------------------------------------------------


def _setup() -> None:
    import django

    django.setup()


def prepare(wanted: dict[str, Any]) -> list[Any]:
    """[(user, account, key)] with plenty of credits, in a database that is ours alone."""
    _setup()
    from django.core.management import call_command

    from accounts.models import ApiKey, User
    from billing.models import Account

    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.exclude(email__startswith="bench-").exists():
        sys.exit("This database has accounts in it: give --database an empty one.")
    from billing import batch
    from billing.ledger import Transfer
    from openrouter_site.database import connect

    people, grants = [], []
    for number in range(wanted["accounts"]):
        email = f"bench-{number}@example.com"
        user, _ = User.objects.get_or_create(email=email)
        digest = f"{number:064x}"
        key, _ = ApiKey.objects.get_or_create(
            digest=digest, defaults={"user": user, "name": "bench", "label": "sk-or-v1-..."}
        )
        account = f"user:{user.pk}"
        people.append((user.pk, account, key.pk))
        if not Account.objects.filter(pk=account, posted_nano__gt=10**14).exists():
            grants.append(
                Transfer(
                    transfer_id=f"grant:bench-{number}", debit="promo", credit=account,
                    amount_nano=_CREDITS_NANO, kind="grant", ref=account, reason="bench",
                )
            )  # fmt: skip
    connection = connect()
    for begin in range(0, len(grants), 200):
        batch.run(connection, grants[begin : begin + 200])
    connection.close()
    return people


def verify(_wanted: dict[str, Any]) -> str:
    _setup()
    from billing.verify import check

    wrong = [str(each) for each in check() if not each.warning]
    return "The ledger agrees with itself." if not wrong else f"WRONG: {wrong[:5]}"


def load(wanted: dict[str, Any]) -> dict[str, Any]:
    _setup()
    return asyncio.run(_load(wanted))


async def _load(wanted: dict[str, Any]) -> dict[str, Any]:
    from billing import batch, writer
    from billing.journal import Journal

    sizes: list[int] = []
    times: list[float] = []
    run = batch.run

    def timed(connection: Any, operations: Any) -> Any:
        began_s = time.perf_counter()
        try:
            return run(connection, operations)
        finally:
            times.append(time.perf_counter() - began_s)
            sizes.append(len(operations))

    batch.run = timed  # the only way to time a commit; what it does is untouched
    folder = Path(os.environ["DATA_DIR"]) / f"journal-{wanted['number']}"
    one = writer.Writer(Journal(folder, f"bench-{wanted['number']}"))
    one.start()
    await asyncio.sleep(max(0.0, wanted["begin_at"] - time.time()))
    before = resource.getrusage(resource.RUSAGE_SELF)
    began_s = time.perf_counter()
    until_s = began_s + wanted["seconds"]
    failures = [0]
    await asyncio.gather(
        *(_live(one, wanted, lane, until_s, failures) for lane in range(wanted["in_flight"]))
    )
    seconds = time.perf_counter() - began_s
    after = resource.getrusage(resource.RUSAGE_SELF)
    await one.stop()
    times.sort()
    return {
        "operations": sum(sizes), "commits": len(sizes), "seconds": seconds,
        "commit_ms": statistics.median(times) * 1e3,
        "commit_p99_ms": times[int(len(times) * 0.99)] * 1e3,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "failed": failures[0],
    }  # fmt: skip


async def _live(
    writer: Any, wanted: dict[str, Any], lane: int, until_s: float, failures: list[int]
) -> None:
    """One request after the other, as long as there is time."""
    from datetime import UTC, datetime

    import orjson

    from billing.book import GenerationRow
    from billing.capture import Settle
    from billing.ledger import Admit
    from billing.refusals import LedgerError
    from billing.writer import LedgerDown
    from openrouter_site.errors import Unavailable

    people = wanted["people"]
    name = f"{os.getpid()}-{lane}-{time.time_ns()}"
    number = 0
    while time.perf_counter() < until_s:
        user, account, key = people[(lane * 7919 + number * 31) % len(people)]
        number += 1
        generation = GenerationRow(
            id=f"{name}-{number}"[-40:], user_id=user, key_id=key, created_at=datetime.now(UTC),
            model="openai/gpt-4", provider_name="OpenAI", tokens_prompt=100, tokens_completion=50,
        )  # fmt: skip
        of = {"account_id": account, "key_id": key, "hold_id": generation.id}
        try:
            await writer.submit(
                Admit(
                    **of, amount_nano=_HOLD_NANO, minimum_nano=_HOLD_NANO,
                    details=orjson.dumps(generation).decode(), instance_id="bench",
                )
            )  # fmt: skip
            await writer.submit(Settle(**of, cost_nano=_COST_NANO, generation=generation))
        except (LedgerError, LedgerDown, Unavailable):
            failures[0] += 1


_TASKS = {"prepare": prepare, "verify": verify, "load": load}

if __name__ == "__main__":
    main()

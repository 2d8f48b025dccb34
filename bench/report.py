"""The table: medians of the rounds, direct and through the gateway, from one run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from measure import (
    CONNECTIONS,
    FLAT_STREAMS,
    FLAT_TOKENS,
    PACED_PER_S,
    PACED_STREAMS,
    RATE,
)

Rounds = Sequence[dict[str, dict[str, Any]]]
Figure = float | None

# Paced streams are held when nearly all that is sent is delivered in the same time, late by no
# more than a few tokens, and the pauses between one stream and the next are short.
_HELD_SHARE = 0.98
_SENT_SHARE = 0.9
_HELD_LAG_MS = 200.0


def median(values: Sequence[Figure]) -> Figure:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def shown(value: Figure, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def figure(rounds: Rounds, name: str, *path: str) -> Figure:
    """The median over the rounds of one number of a measurement."""
    return median([_at(each[name], path) for each in rounds])


def _at(found: Any, path: Sequence[str]) -> Figure:
    for step in path:
        found = found.get(step) if found else None
    return None if found is None else float(found)


def _ranged(rounds: Rounds, name: str, path: str, digits: int = 0) -> str:
    values = [value for each in rounds if (value := _at(each[name], [path])) is not None]
    text = shown(median(values), digits)
    if len(values) > 1:
        text += f" ({shown(min(values), digits)}–{shown(max(values), digits)})"
    return text


def latency(rounds: Rounds, share: float) -> Figure:
    """A percentile of the open loop's latencies, of all rounds together."""
    latencies = sorted(value for each in rounds for value in each["open"]["latencies_ms"])
    if not latencies:
        return None
    return float(latencies[min(len(latencies) - 1, int(len(latencies) * share))])


def _added(ours: Figure, theirs: Figure, digits: int) -> str:
    return "–" if ours is None or theirs is None else f"{ours - theirs:+,.{digits}f}"


def _ratio(part: Figure, whole: Figure) -> str:
    return "–" if not part or not whole else f"1/{whole / part:.1f}"


def table(direct: Rounds, gateway: Rounds) -> str:
    rows = ["| | direct | gateway | ratio or added |", "|---|--:|--:|--:|"]
    for count in CONNECTIONS:
        name = f"closed {count}"
        ratio = _ratio(figure(gateway, name, "rps"), figure(direct, name, "rps"))
        plural = "connection" if count == 1 else "connections"
        rows.append(
            f"| requests/s, {count} {plural} | {_ranged(direct, name, 'rps')} |"
            f" {_ranged(gateway, name, 'rps')} | {ratio} |"
        )
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        ours, theirs = latency(gateway, share), latency(direct, share)
        rows.append(
            f"| latency at {RATE} requests/s, {label} ms | {shown(theirs, 2)} | {shown(ours, 2)} |"
            f" {_added(ours, theirs, 2)} |"
        )
    ratio = _ratio(figure(gateway, "flat", "chunks_per_s"), figure(direct, "flat", "chunks_per_s"))
    rows.append(
        f"| chunks/s flat out, {FLAT_STREAMS} streams of {FLAT_TOKENS} |"
        f" {_ranged(direct, 'flat', 'chunks_per_s')} |"
        f" {_ranged(gateway, 'flat', 'chunks_per_s')} | {ratio} |"
    )
    hung_up = _hang_up_rows(direct, gateway)
    return "\n".join([*rows, *_paced_rows(direct, gateway), *hung_up, *_cost_rows(gateway)])


def _paced_rows(direct: Rounds, gateway: Rounds) -> list[str]:
    what = f"{PACED_STREAMS} streams of {PACED_PER_S} tokens/s"

    def row(label: str, *path: str, digits: int = 0) -> str:
        theirs, ours = figure(direct, "paced", *path), figure(gateway, "paced", *path)
        added = "" if digits == 0 else _added(ours, theirs, digits)
        return f"| {what}: {label} | {shown(theirs, digits)} | {shown(ours, digits)} | {added} |"

    return [
        row(f"chunks/s sent ({PACED_STREAMS * PACED_PER_S:,} wanted)", "sent_per_s"),
        row("chunks/s delivered", "chunks_per_s"),
        row("lag p50 ms", "lag_ms", "p50", digits=1),
        row("lag p99 ms", "lag_ms", "p99", digits=1),
        row("lag of the slowest stream ms", "slowest_stream_lag_ms", digits=1),
        f"| {what}: held | {held(direct)} | {held(gateway)} | |",
    ]


def _hang_up_rows(direct: Rounds, gateway: Rounds) -> list[str]:
    """Where the provider tells when it was left."""
    if "hang-ups" not in gateway[0]:
        return []
    rows = []
    for share in ("p50", "p99"):
        theirs, ours = figure(direct, "hang-ups", share), figure(gateway, "hang-ups", share)
        rows.append(
            f"| from a hang-up to the provider, {share} ms | {shown(theirs, 2)} |"
            f" {shown(ours, 2)} | {_added(ours, theirs, 2)} |"
        )
    return rows


def held(rounds: Rounds) -> str:
    wanted = PACED_STREAMS * PACED_PER_S
    verdicts = []
    for each in rounds:
        paced = each["paced"]
        lag_ms = _at(paced, ["lag_ms", "p99"])
        sent = paced.get("sent_per_s", wanted)
        verdicts.append(
            not paced["short"]
            and not paced["failures"]
            and sent >= _SENT_SHARE * wanted
            and paced["chunks_per_s"] >= _HELD_SHARE * sent
            and (lag_ms is None or lag_ms < _HELD_LAG_MS)
        )
    return "yes" if all(verdicts) else f"in {sum(verdicts)} of {len(verdicts)} rounds"


def _cost_rows(gateway: Rounds) -> list[str]:
    busiest = f"closed {CONNECTIONS[-1]}"

    def cost(name: str, per: str, scale: float, seconds: str = "cpu_s") -> Figure:
        return median(
            [
                each[name][seconds] / max(1, each[name][per]) * scale
                for each in gateway
                if seconds in each[name]
            ]
        )

    def row(label: str, name: str, per: str, scale: float, digits: int) -> str:
        whole = cost(name, per, scale)
        loop = cost(name, per, scale, "loop_cpu_s")
        return f"| {label} | | {shown(whole, digits)} | event loop {shown(loop, digits)} |"

    return [
        row(f"CPU ms/request, {CONNECTIONS[-1]} connections", busiest, "requests", 1e3, 3),
        row("CPU µs/chunk flat out", "flat", "chunks", 1e6, 1),
        row("CPU µs/chunk paced, requests included", "paced", "chunks", 1e6, 1),
        f"| memory idle / after, PSS MB | | {shown(figure(gateway, 'memory', 'idle_mb'))} /"
        f" {shown(figure(gateway, 'memory', 'after_mb'))} | |",
        f"| operations per commit, {CONNECTIONS[-1]} connections | |"
        f" {shown(_per_commit(gateway, busiest), 1)} | |",
        f"| the gateway's CPU used by others | | {_others(gateway)} | noise |",
    ]


def _per_commit(rounds: Rounds, name: str) -> Figure:
    found = [each[name].get("writer") or {} for each in rounds]
    return median([each["operations"] / each["commits"] for each in found if each.get("commits")])


def _others(rounds: Rounds) -> str:
    shares = [found["others_busy"] for each in rounds for found in each.values()
              if "others_busy" in found]  # fmt: skip
    return f"{min(shares):.0%}–{max(shares):.0%}" if shares else "–"


def failures(name: str, rounds: Rounds) -> list[str]:
    """One line for each measurement in which something failed."""
    lines = []
    for number, each in enumerate(rounds, 1):
        for measurement, found in each.items():
            if found.get("failures") or found.get("short"):
                told = found.get("failures") or {}
                lines.append(
                    f"- {name}, round {number}, {measurement}: {told},"
                    f" short streams {found.get('short', 0)}"
                )
    return lines


def micro_table(found: dict[str, Any], show: Callable[[Figure, int], str] = shown) -> str:
    rows = ["| step | µs, p50 |", "|---|--:|"]
    for name, value in found.items():
        rows.append(f"| {name} | {value if isinstance(value, str) else show(value, 1)} |")
    return "\n".join(rows)

"""What thirty days of statistics say of an endpoint, or of several together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from routing import endpoint_history
from routing.endpoint_history import DAYS_MAX, Day
from routing.figures import Tally
from ui import format

# Fewer measured answers say more of chance than of a provider.
SAMPLES_MIN = 20


@dataclass(frozen=True, slots=True)
class FigureRow:
    """`shares`: of each day what succeeded, 0 to 1, None where nobody was sent there. None where
    there are fewer than SAMPLES_MIN samples."""

    shares: tuple[float | None, ...] = (None,) * DAYS_MAX
    tally: Tally = field(default_factory=Tally)

    @property
    def attempts(self) -> int:
        """Those that tell of uptime: succeeded or failed."""
        return self.tally.succeeded + self.tally.failed

    @property
    def uptime(self) -> str:
        return format.percent(self.tally.succeeded, self.attempts)

    @property
    def latency_ms(self) -> int | None:
        """Until the first content, as half of the answers."""
        if self.tally.latency.total < SAMPLES_MIN:
            return None
        return round(1000 * self.tally.latency.percentile(50))

    @property
    def tokens_per_second(self) -> int | None:
        """As half of the answers."""
        if self.tally.throughput.total < SAMPLES_MIN:
            return None
        return round(self.tally.throughput.percentile(50, highest_first=True))

    @property
    def words(self) -> str:
        """The strip for those who do not see it."""
        if not self.attempts:
            return f"Nobody was sent there in {DAYS_MAX} days"
        return f"{self.uptime} of {format.count(self.attempts)} attempts in {DAYS_MAX} days"


def figure_row(endpoint_id: int) -> FigureRow:
    return together([endpoint_id])


def together(endpoint_ids: Iterable[int]) -> FigureRow:
    """All of these as one."""
    history = endpoint_history.history()
    known = [id for id in endpoint_ids if id in history.days]
    if not known:
        return FigureRow()
    tally = Tally()
    for id in known:
        tally.merge(history.totals[id])
    by_day = zip(*(history.days[id] for id in known), strict=True)
    return FigureRow(tuple(_share(days) for days in by_day), tally)


def _share(days: Sequence[Day]) -> float | None:
    succeeded, failed = sum(day.succeeded for day in days), sum(day.failed for day in days)
    return succeeded / (succeeded + failed) if succeeded + failed else None

"""What the ledger should do, written a second time and differently: a list of charges and a few
sums. No row, no running balance; everything is added up from the beginning at each question."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta


def first_day(period, today):
    if period == "daily":
        return today
    if period == "weekly":
        return date.fromisocalendar(*today.isocalendar()[:2], 1)
    if period == "monthly":
        return date(today.year, today.month, 1)
    return None


@dataclass
class KeyModel:
    account: str
    enabled: bool = True
    limit: int | None = None
    period: str = ""
    began: date | None = None
    lowered: bool = False
    charges: list = field(default_factory=list)  # (began of the hold, nano), "forgotten" removed
    total: int = 0

    def roll(self, today):
        start = first_day(self.period, today)
        if start == self.began or (start and self.began and start < self.began):
            return
        self.began = start
        self.charges = []

    def spent(self):
        return sum(nano for _, nano in self.charges)


@dataclass
class HoldModel:
    account: str
    key: int
    amount: int
    began: date | None
    state: str = "open"
    delivered: int = 0
    charged: int = 0
    recorded: int | None = None
    absorbed: int = 0


class Model:
    """Verdicts are names of refusals, or the result."""

    def __init__(self, accounts, keys):
        self.granted = {account: {} for account in accounts}
        self.keys = {id: KeyModel(account) for id, account in keys.items()}
        self.holds = {}

    def posted(self, account):
        charged = sum(hold.charged for hold in self.holds.values() if hold.account == account)
        return sum(self.granted[account].values()) - charged

    def held(self, account=None, key=None):
        return sum(
            hold.amount
            for hold in self.holds.values()
            if hold.state == "open" and (hold.account == account or hold.key == key)
        )

    def room(self, key):
        """What the limit leaves; None is everything."""
        row = self.keys[key]
        return None if row.limit is None else row.limit - row.spent() - self.held(key=key)

    def _grant(self, account, key, wanted, minimum):
        if not self.keys[key].enabled:
            return "KeyDisabled"
        left = self.posted(account) - self.held(account)
        if self.posted(account) < 0 or left < minimum:
            return "InsufficientCredits"
        room = self.room(key)
        if room is not None and room < min(wanted, left) and room < minimum:
            return "KeyLimitExceeded"
        return min(amount for amount in (wanted, left, room) if amount is not None)

    def admit(self, id, key, amount, minimum, today):
        account = self.keys[key].account
        if id in self.holds:
            hold = self.holds[id]
            usable = hold.state == "open" and hold.account == account
            return hold.amount if usable else "HoldMissing"
        began = (self.keys[key].began, list(self.keys[key].charges))
        self.keys[key].roll(today)
        verdict = self._grant(account, key, amount, max(minimum, 1) if amount else 0)
        if isinstance(verdict, str) or not verdict:
            # Nothing was written, so the new period is not remembered either.
            self.keys[key].began, self.keys[key].charges = began
            return verdict
        self.holds[id] = HoldModel(account, key, verdict, self.keys[key].began)
        return verdict

    def resize(self, id, amount, minimum):
        hold = self.holds.get(id)
        if hold is None or hold.state != "open":
            return "HoldMissing"
        if max(amount, minimum) > hold.amount:
            more = self._grant(
                hold.account, hold.key, amount - hold.amount, max(0, minimum - hold.amount)
            )
            if isinstance(more, str):
                return more
            hold.amount += more
        return hold.amount

    def progress(self, id, nano):
        hold = self.holds.get(id)
        if hold is not None and hold.state == "open":
            hold.delivered = max(hold.delivered, nano)

    def _charge(self, hold, nano):
        key = self.keys[hold.key]
        more, hold.charged = nano - hold.charged, nano
        key.total += more
        if key.began == hold.began:
            key.charges.append((hold.began, max(more, -key.spent())))

    def settle(self, id, cost):
        hold = self.holds.get(id)
        if hold is None:
            return "HoldMissing" if cost else 0
        if hold.state in ("captured", "voided"):
            return hold.charged
        charge = min(cost, hold.amount)
        recovered = hold.charged
        if hold.state == "recovered":
            rooms = [self.posted(hold.account) - self.held(hold.account)]
            if self.keys[hold.key].began == hold.began and self.room(hold.key) is not None:
                rooms.append(self.room(hold.key))
            charge = min(charge, recovered + max(0, min(rooms)))
        hold.state = "captured" if charge or recovered else "voided"
        hold.absorbed = cost - charge
        hold.recorded = charge
        self._charge(hold, charge)
        return charge

    def recover(self, id):
        hold = self.holds.get(id)
        if hold is None or hold.state != "open":
            return None
        hold.state = "recovered"
        charge = min(hold.amount, hold.delivered)
        hold.recorded = charge or None
        self._charge(hold, charge)
        return charge

    def grant(self, id, account, amount):
        if id in self.granted[account]:
            return False if self.granted[account][id] == amount else "TransferConflict"
        if any(id in made for made in self.granted.values()):
            return "TransferConflict"
        self.granted[account][id] = amount
        return True


def days(number):
    return timedelta(days=number)

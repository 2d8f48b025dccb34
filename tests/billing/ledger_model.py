"""What the ledger should do, written a second time and differently: a list of charges and a few
sums. No row, no running balance; everything is added up from the beginning at each question."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

SILENT_S = 30


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
    expires: datetime | None = None
    limit: int | None = None
    period: str = ""
    began: date | None = None
    overdrawn: bool = False  # its limit was lowered below what is spent, or a charge ignored it
    charges: list = field(default_factory=list)  # nano-dollars, of the current period
    total: int = 0

    def roll(self, today):
        start = first_day(self.period, today)
        if start == self.began or (start and self.began and start < self.began):
            return
        self.began = start
        self.charges = []

    def spent(self):
        return sum(self.charges)

    def may_spend(self, now):
        return self.enabled and (self.expires is None or now < self.expires)


@dataclass
class HoldModel:
    account: str
    key: int
    amount: int
    began: dict  # the period of each budget when it was opened
    instance: str
    expires: datetime
    state: str = "open"
    delivered: int = 0
    charged: int = 0
    recorded: int | None = None
    absorbed: int = 0


class Model:
    """Verdicts are names of refusals, or the result. Between `begin` and `end` is a transaction."""

    def __init__(self, accounts, keys, members):
        """`keys` has the account of each budget; `members` the second budget of keys that have
        one, and a budget is a key's or a member's."""
        self.accounts = set(accounts)
        self.frozen = set()
        self.moved = {}  # transfers by id: (debit, credit, nano-dollars)
        self.keys = {id: KeyModel(account) for id, account in keys.items()}
        self.members, self.removed = members, set()
        self.holds = {}
        self.instances = {}
        self.now = None
        self._rolled, self._written = {}, set()

    def begin(self, now):
        self.now = now
        self._rolled, self._written = {}, set()

    def end(self):
        """A period that began for a refusal only was not written."""
        for key, (began, charges) in self._rolled.items():
            self.keys[key].began, self.keys[key].charges = began, charges

    def budgets(self, key):
        return [key, self.members[key]] if key in self.members else [key]

    def may_spend(self, key):
        return self.keys[key].may_spend(self.now) and self.members.get(key) not in self.removed

    def _roll(self, key):
        for budget in self.budgets(key):
            self._roll_one(budget)

    def _roll_one(self, key):
        row = self.keys[key]
        before = (row.began, list(row.charges))
        row.roll(self.now.date())
        if row.began != before[0] and key not in self._written:
            self._rolled.setdefault(key, before)

    def _write(self, key):
        """Its row is written at the end of this transaction, whatever else happens to it."""
        for budget in self.budgets(key):
            self._written.add(budget)
            self._rolled.pop(budget, None)

    def posted(self, account):
        charged = sum(hold.charged for hold in self.holds.values() if hold.account == account)
        came = sum(nano for _, credit, nano in self.moved.values() if credit == account)
        went = sum(nano for debit, _, nano in self.moved.values() if debit == account)
        return came - went - charged

    def held(self, account=None, key=None):
        return sum(
            hold.amount
            for hold in self.holds.values()
            if hold.state == "open" and (hold.account == account or key in hold.began)
        )

    def room(self, key):
        """What the limit leaves; None is everything."""
        row = self.keys[key]
        return None if row.limit is None else row.limit - row.spent() - self.held(key=key)

    def _grant(self, account, key, wanted, minimum):
        if not self.may_spend(key):
            return "KeyDisabled"
        if account in self.frozen:
            return "AccountFrozen"
        left = self.posted(account) - self.held(account)
        if self.posted(account) < 0 or left < minimum:
            return "InsufficientCredits"
        rooms = [(self.room(budget), budget) for budget in self.budgets(key)]
        for room, budget in rooms:
            if wanted and room is not None and room < minimum:
                return "KeyLimitExceeded" if budget == key else "MemberBudgetExceeded"
        amounts = (wanted, left, *(room for room, _ in rooms))
        return min(amount for amount in amounts if amount is not None)

    def admit(self, id, key, amount, minimum, instance, ttl_s):
        account = self.keys[key].account
        if id in self.holds:
            hold = self.holds[id]
            usable = hold.state == "open" and hold.account == account
            return hold.amount if usable else "HoldMissing"
        self._roll(key)
        verdict = self._grant(account, key, amount, max(minimum, 1) if amount else 0)
        if isinstance(verdict, str) or verdict <= 0:
            return verdict if isinstance(verdict, str) else 0
        self._write(key)
        expires = self.now + timedelta(seconds=ttl_s)
        began = {budget: self.keys[budget].began for budget in self.budgets(key)}
        self.holds[id] = HoldModel(account, key, verdict, began, instance, expires)
        return verdict

    def resize(self, id, amount, minimum):
        hold = self.holds.get(id)
        if hold is None or hold.state != "open":
            return "HoldMissing"
        if max(amount, minimum) > hold.amount:
            self._write(hold.key)
            more = self._grant(
                hold.account, hold.key, amount - hold.amount, max(0, minimum - hold.amount)
            )
            if isinstance(more, str):
                return more
            hold.amount += more
        return hold.amount

    def progress(self, id, nano, key):
        hold = self.holds.get(id)
        if hold is not None and hold.state == "open":
            hold.delivered = max(hold.delivered, nano)
        if not self.may_spend(key):
            return "key"
        return "account" if self.keys[key].account in self.frozen else ""

    def _charge(self, hold, nano):
        more, hold.charged = nano - hold.charged, nano
        for budget, began in hold.began.items():
            row = self.keys[budget]
            row.total += more
            if row.began == began:
                row.charges.append(max(more, -row.spent()))

    def settle(self, id, cost, absorb=True):
        hold = self.holds.get(id)
        if hold is None:
            return "HoldMissing" if cost else 0
        if hold.state in ("captured", "voided"):
            return hold.charged
        self._write(hold.key)
        charge = min(cost, hold.amount)
        recovered = hold.charged
        if hold.state == "recovered":
            rooms = [self.posted(hold.account) - self.held(hold.account)]
            for budget, began in hold.began.items():
                if self.keys[budget].began == began and self.room(budget) is not None:
                    rooms.append(self.room(budget))
            charge = min(charge, recovered + max(0, min(rooms)))
        if not absorb:
            charge = cost
            for budget in hold.began:
                self.keys[budget].overdrawn = True
        hold.state = "captured" if charge or recovered else "voided"
        hold.absorbed = cost - charge
        hold.recorded = charge
        self._charge(hold, charge)
        return charge

    def recover(self, id):
        hold = self.holds.get(id)
        if hold is None or hold.state != "open":
            return None
        self._write(hold.key)
        hold.state = "recovered"
        charge = min(hold.amount, hold.delivered)
        hold.recorded = charge or None
        self._charge(hold, charge)
        return charge

    def sweep(self):
        """How many holds are orphans: of a process that is gone or silent, or too old."""
        orphans = [
            id for id, hold in self.holds.items()
            if hold.state == "open" and (
                hold.expires < self.now
                or hold.instance not in self.instances
                or self.instances[hold.instance] < self.now - timedelta(seconds=SILENT_S)
            )
        ]  # fmt: skip
        for id in orphans:
            self.recover(id)
        return len(orphans)

    def move(self, id, debit, credit, amount):
        """A transfer, once for its id; whoever says something else under it is refused."""
        if id in self.moved:
            return False if self.moved[id] == (debit, credit, amount) else "TransferConflict"
        self.moved[id] = (debit, credit, amount)
        return True

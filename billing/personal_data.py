"""Everything that is kept of one account, as files of a zip, for the person whose account it is.

Secrets are not part of it: of API keys only their hashes are kept, of provider keys the last four
characters are told. Made page by page, so that an account of any size costs little memory.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db.models import Q

from accounts import kept_prompts
from accounts.models import ApiKey, Invitation, Member, ProviderKey, User
from billing.credits import account_id
from billing.models import Account, AutoTopUp, Checkout, Generation
from billing.statement import COLUMNS, pages, rows_of, safe
from openrouter_site.archive import zipped
from openrouter_site.money import format_amount

_PAGE_ROWS = 2_000
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_README = """What this server keeps of your account, made {at}.

account.json        who you are here, your settings and your credits
keys.json           API keys; the server itself knows only a hash of each
provider_keys.json  your own keys at providers, by their last four characters
members.json        who uses your account, whose accounts you use, and invitations
payments.json       payments for credits
transfers.csv       every movement of money of your account, with the balance after it
generations.csv     every request made with your account: what happened, never what was said
prompts.jsonl       prompts and answers, if you had them kept: one request a line
{others}
Amounts are dollars, moments are UTC.
"""

File = tuple[str, Iterable[str] | Iterable[bytes]]
# What apps above this one keep of a person: a line or more for the README, and the files.
_others: list[tuple[str, Callable[[User], Iterable[File]]]] = []


def add(about: str, files: Callable[[User], Iterable[File]]) -> None:
    """For an app above this one, once, when it is ready."""
    _others.append((about, files))


def pieces(user: User) -> Iterator[bytes]:
    """The zip. Blocking; each step in any thread."""
    return zipped(_files(user))


def _files(user: User) -> Iterator[File]:
    now = datetime.now(UTC)
    yield (
        "README.txt",
        [_README.format(at=_moment(now), others="".join(about for about, _ in _others))],
    )
    yield "account.json", [_json(_account(user))]
    yield "keys.json", [_json([_key(row) for row in _keys(user)])]
    yield "provider_keys.json", [_json(_provider_keys(user))]
    yield "members.json", [_json(_members(user))]
    yield "payments.json", [_json(_payments(user))]
    yield "transfers.csv", _transfers(user, now)
    yield "generations.csv", _generations(user)
    yield "prompts.jsonl", _prompts(user)
    for _, files in _others:
        yield from files(user)


def _account(user: User) -> dict[str, Any]:
    account = Account.objects.filter(pk=account_id(user)).first()
    top_up = AutoTopUp.objects.filter(user=user).first()
    return {
        "id": user.pk,
        "email": user.email,
        "joined_at": _moment(user.date_joined),
        "last_login": _moment(user.last_login),
        "credits": format_amount(account.posted_nano if account else 0),
        "settings": {
            "default_model": user.default_model or None,
            "ignored_providers": user.ignored_providers,
            "middle_out": user.middle_out,
            "allow_training": user.allow_training,
            "allow_retention": user.allow_retention,
            "log_prompts": user.log_prompts,
            "prompt_days": user.prompt_days,
            "time_zone": user.time_zone,
            "theme": user.theme or None,
            "shortcuts": user.shortcuts,
            "low_balance": _amount(user.low_balance_nano),
        },
        "automatic_top_up": top_up
        and {
            "enabled": top_up.enabled,
            "threshold": format_amount(top_up.threshold_nano),
            "amount": format_amount(top_up.amount_nano),
            "monthly_cap": format_amount(top_up.monthly_cap_nano),
            "has_card": bool(top_up.payment_method_id),
        },
    }


def _keys(user: User) -> Iterable[ApiKey]:
    """Those that spend from the account, and those the person has in others."""
    mine = Q(user=user) | Q(member__user=user)
    return ApiKey.objects.filter(mine).select_related("budget", "member__user").order_by("pk")


def _key(row: ApiKey) -> dict[str, Any]:
    budget = getattr(row, "budget", None)
    return {
        "id": row.pk,
        "name": row.name,
        "key": row.label,
        "account": row.user_id,
        "of_member": row.member.user.email if row.member else None,
        "management": row.is_management,
        "playground": row.is_playground,
        "disabled": row.disabled,
        "allowed_models": row.allowed_models,
        "limit": _amount(budget.limit_nano if budget else None),
        "limit_reset": (budget.period if budget else "") or None,
        "spent": format_amount(budget.spent_total_nano if budget else 0),
        "created_at": _moment(row.created_at),
        "expires_at": _moment(row.expires_at),
        "deleted_at": _moment(row.deleted_at),
    }


def _provider_keys(user: User) -> list[dict[str, Any]]:
    rows = ProviderKey.objects.filter(user=user).select_related("provider").order_by("pk")
    return [
        {
            "provider": row.provider.name,
            "name": row.name,
            "key": row.ending,
            "position": row.position,
            "never_fall_back": row.never_fall_back,
            "disabled": row.disabled,
            "created_at": _moment(row.created_at),
            "last_used_at": _moment(row.last_used_at),
            "last_test_result": row.last_test_result,
            "last_error": row.last_error,
        }
        for row in rows
    ]


def _members(user: User) -> dict[str, Any]:
    mine = Member.objects.filter(owner=user).select_related("user").order_by("pk")
    others = Member.objects.filter(user=user).select_related("owner").order_by("pk")
    invited = Invitation.objects.filter(owner=user).order_by("pk")
    return {
        "members": [_member(row, row.user.email) for row in mine],
        "member_of": [_member(row, row.owner.email) for row in others],
        "invitations": [
            {
                "email": row.email,
                "role": row.role,
                "created_at": _moment(row.created_at),
                "accepted_at": _moment(row.accepted_at),
            }
            for row in invited
        ],
    }


def _member(row: Member, email: str) -> dict[str, Any]:
    return {
        "email": email,
        "role": row.role,
        "since": _moment(row.created_at),
        "removed_at": _moment(row.removed_at),
    }


def _payments(user: User) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "state": row.state,
            "credits": format_amount(row.amount_nano),
            "fee": format_amount(row.fee_nano),
            "refunded": format_amount(row.refunded_nano),
            "created_at": _moment(row.created_at),
            "paid_at": _moment(row.paid_at),
            "receipt": row.receipt_url or None,
        }
        for row in Checkout.objects.filter(user=user).order_by("created_at", "pk")
    ]


def _transfers(user: User, until: datetime) -> Iterator[str]:
    yield _csv([COLUMNS])
    for page in pages(account_id(user), _BEGINNING, until, 0):
        yield _csv(rows_of(page))


def _generations(user: User) -> Iterator[str]:
    """All that a row of a generation says."""
    names = [field.attname for field in Generation._meta.concrete_fields]
    yield _csv([names])
    following = rows = Generation.objects.filter(user=user).order_by("created_at", "pk")
    seen: set[str] = set()
    last: datetime | None = None
    while page := list(following.values(*names)[:_PAGE_ROWS]):
        yield _csv([[_cell(row[name]) for name in names] for row in page])
        if page[-1]["created_at"] != last:
            seen, last = set(), page[-1]["created_at"]
        # SQLite compares moments as texts, and two writers write a whole second differently: so
        # what was seen of the last moment is told by its ids.
        seen |= {row["id"] for row in page if row["created_at"] == last}
        following = rows.filter(created_at__gte=last).exclude(pk__in=seen)


def _prompts(user: User) -> Iterator[str]:
    for kept in kept_prompts.all_of(user.pk):
        line = {"id": kept.generation_id, "created_at": kept.created_at, **kept.document}
        yield orjson.dumps(line).decode() + "\n"


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return _moment(value)
    return safe(value) if isinstance(value, str) else value


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds") if at else None


def _amount(nano: int | None) -> str | None:
    return None if nano is None else format_amount(nano)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()

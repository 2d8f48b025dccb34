"""A person's own keys at providers: add (tried out first), order, switch, try again, remove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts import provider_keys
from accounts.models import ProviderKey, User
from accounts.reauthentication import is_post, recently_authenticated
from accounts.signed_in import user_of
from billing.models import Generation
from catalog import live
from openrouter_site.errors import ApiError
from pages.provider_key_forms import NewKeyForm
from routing import own_key_trial

SPEND_DAYS = 30


@dataclass(frozen=True, slots=True)
class Spend:
    """What a provider charged to the person's own keys, by its list price."""

    provider: str
    requests: int
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Group:
    """The keys at one provider, in the order in which they are tried."""

    name: str
    slug: str
    before: list[ProviderKey]
    after: list[ProviderKey]
    never_fall_back: bool
    ours_is_there: bool


@recently_authenticated(when=is_post)
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def listing(request: HttpRequest) -> HttpResponse:
    """/settings/provider-keys; a POST adds one."""
    user = user_of(request)
    if request.method != "POST":
        return _page(request, user, NewKeyForm())
    form = NewKeyForm(request.POST)
    if form.is_valid() and _added(user, form):
        messages.success(request, "Key saved. Your requests may use it from now on.")
        return _to_listing(request)
    if getattr(request, "htmx", False):
        # The page stays, and with it the key that was typed: we never send one back.
        return render(request, "account/_new_provider_key_errors.html", {"form": form})
    return _page(request, user, form)


def _added(user: User, form: NewKeyForm) -> bool:
    """Whether it was tried out and saved; else the form says why not."""
    fields, secret = form.columns(), form.cleaned_data["key"]
    try:
        provider = own_key_trial.provider_of(form.cleaned_data["provider"])
        provider_keys.check(secret, fields["name"], provider)
        provider_keys.check_number(user.pk)
        said = "" if form.is_untested else own_key_trial.tested(provider, secret)
        provider_keys.create(user.pk, provider, secret, fields, said)
    except ValidationError as error:
        form.add_refusal(own_key_trial.invalid(error))
        return False
    except ApiError as error:
        form.add_refusal(error)
        return False
    return True


# --- What is done to one key ---------------------------------------------------------------------


@login_required
@require_POST
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Up, down, to the other list, on or off, a test, or away with it."""
    row = _mine(request).filter(pk=pk).select_related("provider").first()
    if row is None or action not in ACTIONS:
        raise Http404
    try:
        ACTIONS[action](request, row)
    except ProviderKey.DoesNotExist:
        messages.error(request, "This key is not there any more.")
    return _to_listing(request)


def _mine(request: HttpRequest) -> Any:
    return ProviderKey.objects.filter(user=user_of(request))


def _up(request: HttpRequest, row: ProviderKey) -> None:
    provider_keys.move(row, up=True)


def _down(request: HttpRequest, row: ProviderKey) -> None:
    provider_keys.move(row, up=False)


def _other_list(request: HttpRequest, row: ProviderKey) -> None:
    """To the end of it."""
    both = ProviderKey.Position
    wanted = both.AFTER if row.position == both.BEFORE else both.BEFORE
    there = _mine(request).filter(provider=row.provider, position=wanted)
    last = max(there.values_list("sort_order", flat=True), default=-1)
    provider_keys.change(row, {"position": wanted, "sort_order": last + 1})


def _switch(request: HttpRequest, row: ProviderKey) -> None:
    provider_keys.change(row, {"disabled": not row.disabled})
    told = "is not used any more" if row.disabled else "is used again"
    messages.success(request, f"The key {row.ending} at {row.provider} {told}.")


def _test(request: HttpRequest, row: ProviderKey) -> None:
    result = own_key_trial.try_out(row)
    if result.ok:
        messages.success(request, f"{row.provider} takes this key: {result.text}.")
    else:
        messages.error(request, f"{row.provider}: {result.text}.")


def _remove(request: HttpRequest, row: ProviderKey) -> None:
    provider_keys.delete(row)
    messages.success(request, f"The key {row.ending} at {row.provider} is removed.")


ACTIONS: dict[str, Callable[[HttpRequest, ProviderKey], None]] = {
    "up": _up,
    "down": _down,
    "other-list": _other_list,
    "switch": _switch,
    "test": _test,
    "remove": _remove,
}


@login_required
@require_POST
def never_fall_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether this site's own key may stand in at this provider: for all keys there together."""
    rows = list(_mine(request).filter(provider__slug=slug).select_related("provider"))
    if not rows:
        raise Http404
    wanted = "never" in request.POST
    for row in rows:
        provider_keys.change(row, {"never_fall_back": wanted})
    name = rows[0].provider.name
    told = "only your own keys are used" if wanted else "our key may be used after yours"
    messages.success(request, f"At {name}, {told}.")
    return _to_listing(request)


# --- What is shown -------------------------------------------------------------------------------


def _to_listing(request: HttpRequest) -> HttpResponse:
    response = redirect("pages:byok")
    if getattr(request, "htmx", False):
        # htmx would follow a redirect and put the whole page where the answer belongs.
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response


def _page(request: HttpRequest, user: User, form: NewKeyForm) -> HttpResponse:
    context = {
        "form": form,
        "groups": _groups(user),
        "spend": _spend(user),
        "spend_days": SPEND_DAYS,
        "keys_max": provider_keys.KEYS_MAX,
    }
    return render(request, "account/provider_keys.html", context)


def _groups(user: User) -> list[Group]:
    rows: dict[str, list[ProviderKey]] = {}
    for row in provider_keys.of_user(user.pk):
        rows.setdefault(row.provider.slug, []).append(row)
    return [_group(slug, several) for slug, several in rows.items()]


def _group(slug: str, rows: list[ProviderKey]) -> Group:
    known = live.catalog().providers.get(slug)
    before = ProviderKey.Position.BEFORE
    return Group(
        name=rows[0].provider.name,
        slug=slug,
        before=[row for row in rows if row.position == before],
        after=[row for row in rows if row.position != before],
        never_fall_back=any(row.never_fall_back and not row.disabled for row in rows),
        ours_is_there=known is not None and known.served_at is not None,
    )


def _spend(user: User) -> list[Spend]:
    """Dearest first."""
    since = timezone.now() - timedelta(days=SPEND_DAYS)
    rows = Generation.objects.filter(user=user, is_byok=True, created_at__gte=since)
    sums = rows.values("provider_name").annotate(
        requests=Count("pk"), amount_nano=Sum("upstream_cost_nano")
    )
    found = (
        Spend(each["provider_name"], each["requests"], each["amount_nano"] or 0) for each in sums
    )
    return sorted(found, key=lambda spend: (-spend.amount_nano, spend.provider))

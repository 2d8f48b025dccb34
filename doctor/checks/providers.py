"""Models and who serves them: the catalog, credentials, probes, the simulator."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from catalog import credentials, live
from catalog.models import Provider
from doctor.verdict import Check, Verdict, Visit, bad, ok, warn
from doctor.words import age_s, ago, count, listed
from routing.models import ProviderProbe

AREA = "Providers"
# As many probes as routing.statistic_rows waits for before the last one says nothing.
_PROBES_MISSED_MAX = 4


def models(visit: Visit | None) -> Verdict:
    catalog = live.catalog()
    served = [model for model in catalog.models.values() if model.served_by]
    if not catalog.models:
        return bad("The catalog has no models.", "Run manage.py load_catalog.")
    if not served and (answering := _answering_probes()):
        return warn(
            f"Nobody serves them by the settings here, and {answering} providers answer the"
            " worker's probes.",
            "Give this command the environment of the servers, or see the doctor's page.",
        )
    if not served:
        return bad(
            f"None of {count(len(catalog.models), 'model', 'models')} is served by anybody.",
            "Give a provider its credential: manage.py add_credential (docs/providers.md).",
        )
    return ok(f"{len(served)} of {count(len(catalog.models), 'model', 'models')} are served.")


def with_credentials(visit: Visit | None) -> Verdict:
    rows = Provider.objects.filter(enabled=True).prefetch_related("credentials")
    names = [row.name for row in rows if row.credential_env and credentials.of(row)]
    if names:
        return ok(f"{count(len(names), 'provider has', 'providers have')} one: {listed(names)}.")
    if any(not row.credential_env for row in rows):
        return ok("No provider has one; there are some that need none.")
    text = "No provider has a credential"
    if _answering_probes() and not settings.UNCONFIGURED_PROVIDER_URL:
        return ok(f"{text} by the settings here; the worker's probes are answered all the same.")
    if settings.UNCONFIGURED_PROVIDER_URL:
        return warn(
            f"{text}: all answers are invented.", "Add one: manage.py add_credential, or the admin."
        )
    return bad(f"{text}: nobody answers.", "Add one: manage.py add_credential, or the admin.")


def probes(visit: Visit | None) -> Verdict:
    rows = list(ProviderProbe.objects.order_by("provider_slug"))
    if not rows:
        return warn("No provider has been probed yet.", "The worker does it; see Processes.")
    since_s = age_s(max(row.checked_at for row in rows))
    if since_s > _PROBES_MISSED_MAX * settings.PROBE_INTERVAL_S:
        return warn(f"The last probes are from {ago(since_s)}.", "See Processes: worker and clock.")
    down = [f"{row.provider_slug} ({row.status or 'no answer'})" for row in rows if not row.ok]
    if not down:
        return ok(f"All {count(len(rows), 'provider answers', 'providers answer')} their probes.")
    text = f"{len(down)} of {count(len(rows), 'provider', 'providers')} fail: {listed(down)}."
    remedy = "401, 402 and 403 are about its credential; else look at the provider's status page."
    return bad(text, remedy) if len(down) == len(rows) else warn(text, remedy)


def _answering_probes() -> int:
    """How many providers answered the worker, whose environment may be another than ours."""
    since = timezone.now() - timedelta(seconds=_PROBES_MISSED_MAX * settings.PROBE_INTERVAL_S)
    return ProviderProbe.objects.filter(ok=True, checked_at__gte=since).count()


def simulator(visit: Visit | None) -> Verdict:
    if not settings.UNCONFIGURED_PROVIDER_URL:
        return ok("Off by the settings here: only real providers answer.")
    return warn(
        "On: providers without a credential are played by the simulator, and their answers are"
        " invented.",
        "To be without it: SIMULATOR=0, or PRODUCTION=1.",
    )


CHECKS = (
    Check("providers.models", AREA, "Models", models),
    Check("providers.credentials", AREA, "Credentials", with_credentials),
    Check("providers.probes", AREA, "Probes", probes),
    Check("providers.simulator", AREA, "Simulator", simulator),
)

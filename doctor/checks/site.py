"""How the site is reached: its address, the proxy before it, cookies."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.http.request import validate_host

from doctor.verdict import Check, Verdict, Visit, bad, ok, warn

AREA = "Address"
_TIMEOUT_S = 3.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address(visit: Visit | None) -> Verdict:
    """SITE_URL: what links, callbacks and mails say."""
    parts = urlsplit(settings.SITE_URL)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.path:
        return bad(
            "SITE_URL is no address like https://openrouter.example.com.",
            "Set SITE_URL: scheme, host, and the port if it is not the usual one.",
        )
    if settings.PRODUCTION and (parts.scheme != "https" or host in _LOOPBACK):
        return bad(
            f"SITE_URL is {settings.SITE_URL}, and PRODUCTION=1 serves by HTTPS to the public.",
            "Set SITE_URL=https://your.host.",
        )
    if visit is not None and visit.host != parts.netloc:
        return warn(
            f"You came to {visit.host}; SITE_URL, which links and mails use, says {parts.netloc}.",
            "Set SITE_URL to the address by which people come, or use that address.",
        )
    return ok(f"SITE_URL is {settings.SITE_URL}.")


def answers(visit: Visit | None) -> Verdict:
    """What this machine gets from the address that the public uses."""
    url = f"{settings.SITE_URL}/healthz"
    fail = bad if settings.PRODUCTION else warn
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        return fail(
            f"{url} cannot be reached from here: {_reason(error)}.",
            "Check DNS, firewall, proxy and certificate. A network that cannot reach itself from"
            " inside is harmless.",
        )
    if answer.status_code != 200 or answer.text != "ok":
        return fail(
            f"{url} answers {answer.status_code}, and not this product.",
            "Let the proxy send every path of this host to the server, with its Host header.",
        )
    return ok(f"{url} answers.")


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid here"
    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT_S:g} s"
    if "NameResolution" in repr(error) or "gaierror" in repr(error):
        return "its name is not known (DNS)"
    return "no connection"


def hosts(visit: Visit | None) -> Verdict:
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return bad(
            f"ALLOWED_HOSTS does not have {host}, the host of SITE_URL: it answers 400 there.",
            f"Add it: ALLOWED_HOSTS={','.join([host, *settings.ALLOWED_HOSTS])}.",
        )
    if settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS:
        return warn(
            "ALLOWED_HOSTS takes any host, so links in mails can be made to point elsewhere.",
            f"Set ALLOWED_HOSTS={host}.",
        )
    return ok(f"ALLOWED_HOSTS has {host if settings.PRODUCTION else 'it'}.")


def forms(visit: Visit | None) -> Verdict:
    """Django takes forms from its own origin, as it understands it, and from the trusted ones."""
    trusted = list(settings.CSRF_TRUSTED_ORIGINS)
    if visit is None:
        if settings.PRODUCTION and settings.SITE_URL not in trusted:
            return bad("Forms sent from SITE_URL are refused.", "CSRF_TRUSTED_ORIGINS lacks it.")
        return ok("Forms sent from SITE_URL are taken.")
    scheme = visit.forwarded_proto or visit.scheme
    origin = f"{scheme}://{visit.host}"
    if scheme == visit.scheme or origin in trusted:
        return ok(f"Forms sent from {origin} are taken.")
    return bad(
        f"Your browser is at {origin}, we believe to be at {visit.scheme}://{visit.host}: forms"
        " are refused (403, CSRF).",
        f"Set PRODUCTION=1 and SITE_URL={origin}.",
    )


def proxy(visit: Visit | None) -> Verdict:
    if visit is None:
        if settings.PRODUCTION:
            return ok("X-Forwarded-Proto is believed; the page of the doctor sees if it arrives.")
        return ok("X-Forwarded-* is not believed without PRODUCTION=1.")
    if not (visit.forwarded_for or visit.forwarded_proto):
        if settings.PRODUCTION:
            return bad(
                "No X-Forwarded-Proto arrived: your proxy does not say how it was reached.",
                "Let it set X-Forwarded-Proto and X-Forwarded-For (docs/operations.md).",
            )
        return ok("You came without a proxy, or with one that says nothing of itself.")
    if visit.forwarded_proto and visit.forwarded_proto != visit.scheme:
        return warn(
            f"The proxy says {visit.forwarded_proto}, and is not believed.",
            "Set PRODUCTION=1 behind a proxy that ends TLS.",
        )
    if visit.forwarded_for and _last(visit.forwarded_for) != visit.remote_address:
        return warn(
            f"X-Forwarded-For came from {visit.remote_address}, which is not believed: every"
            " caller has the proxy's address.",
            f"Set PRODUCTION=1 and FORWARDED_ALLOW_IPS={visit.remote_address}.",
        )
    return ok("What the proxy says of scheme and caller is believed.")


def _last(forwarded_for: str) -> str:
    return forwarded_for.rpartition(",")[2].strip()


def cookies(visit: Visit | None) -> Verdict:
    is_https = settings.SITE_URL.startswith("https:")
    if settings.SESSION_COOKIE_SECURE and not is_https:
        return bad(
            "Cookies are for HTTPS only and SITE_URL is not: nobody can sign in.",
            "Set SITE_URL=https://..., or do without PRODUCTION=1.",
        )
    if is_https and not settings.SESSION_COOKIE_SECURE:
        return warn(
            "SITE_URL is HTTPS, and the session's cookie would be sent without it too.",
            "Set PRODUCTION=1.",
        )
    secure = "Secure, " if settings.SESSION_COOKIE_SECURE else ""
    return ok(f"The session's cookie is {secure}HttpOnly and SameSite=Lax.")


CHECKS = (
    Check("site.address", AREA, "SITE_URL", address),
    Check("site.answers", AREA, "Answers there", answers, timeout_s=8),
    Check("site.hosts", AREA, "Hosts", hosts),
    Check("site.forms", AREA, "Origin of forms", forms),
    Check("site.proxy", AREA, "Forwarded headers", proxy),
    Check("site.cookies", AREA, "Cookies", cookies),
)

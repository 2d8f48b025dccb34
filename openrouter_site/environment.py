"""Reading the environment, loudly: a setting that makes no sense stops the start and says why."""

from __future__ import annotations

import os
import re
import secrets
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that NAME_FILE names (secrets as files)."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: {error}") from error
    return os.environ.get(name, default).strip()


def env_bool(name: str, default: bool) -> bool:
    text = env_text(name, "1" if default else "0").lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name}={text!r} is not a yes or no; use 1 or 0")


def env_number(name: str, default: float, minimum: float = 0) -> float:
    text = env_text(name, str(default))
    try:
        number = float(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={text!r} is not a number") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name}={text!r} is below {minimum:g}")
    return number


def database(url: str, *, test_folder: Path) -> dict[str, object]:
    """Django's setting from sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL: the port is not a number up to 65535") from None
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(port or ""),
            # Under ASGI each request has a thread of its own, so a connection that outlives its
            # request is one that nobody uses again: they come from a pool and go back to it.
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
            # It tries again at every request, not less and less often the longer an outage lasts.
            "OPTIONS": {
                "pool": {"min_size": 1, "max_size": 8, "timeout": 3, "reconnect_timeout": 2}
            },
        }
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:] if parts.path.startswith("//") else parts.path,
            # Each request has a thread of its own, and opening takes microseconds.
            "CONN_MAX_AGE": 0,
            "OPTIONS": {
                # Write transactions take the lock at BEGIN, so they wait instead of failing.
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                # FULL: the last commits survive a power loss, not only kill -9 (design/money.md).
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
            # Tests use several connections and threads: a file, not memory; one for each run.
            "TEST": {"NAME": str(test_folder / f"test-{os.getpid()}.sqlite3")},
        }
    raise ImproperlyConfigured(
        f"DATABASE_URL starts with {parts.scheme!r}; use postgresql:// or sqlite:///"
    )


def decimal_units(name: str, text: str, *, places: int, maximum: int) -> int:
    """A decimal from 0 to `maximum` as a whole number of its smallest unit, with no float between:
    "5.25" with 2 places is 525."""
    try:
        units = Decimal(text.strip()).scaleb(places)
        if units != units.to_integral_value() or not 0 <= units <= Decimal(maximum).scaleb(places):
            raise ArithmeticError
    except ArithmeticError:
        raise ImproperlyConfigured(
            f"{name}={text!r} must be a number from 0 to {maximum} with {places} decimals at most"
        ) from None
    return int(units)


def env_decimal(name: str, default: str, *, places: int, maximum: int) -> int:
    return decimal_units(name, env_text(name, default), places=places, maximum=maximum)


def env_accent(name: str) -> tuple[str, str] | None:
    """Two colours, `#4d4bd1,#5c5fe6`: for light and for dark pages. White letters stand on both."""
    text = env_text(name)
    if not text:
        return None
    light, _, dark = (part.strip().lower() for part in text.partition(","))
    for colour in (light, dark):
        if not re.fullmatch(r"#[0-9a-f]{6}", colour):
            raise ImproperlyConfigured(f"{name}={text!r} is not like #4d4bd1,#5c5fe6")
        if (contrast := _contrast_with_white(colour)) < 4.5:
            raise ImproperlyConfigured(
                f"{name}: white letters on {colour} have a contrast of {contrast:.1f}; "
                "use a darker colour, with 4.5 or more"
            )
    return light, dark


def _contrast_with_white(colour: str) -> float:
    """Of a colour like #4d4bd1, by WCAG 2.2."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def keep_once(path: Path, text: str) -> str:
    """What the file says: this text, unless another process was first. Readable by us alone.

    Processes that start together must agree, so the file appears at once with all that is in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text()
    finally:
        draft.unlink()
    return text

"""Settings, all from the environment, each with a default that needs no service.

`make run` needs none of them. DATABASE_URL and REDIS_URL switch from SQLite and in-process to
PostgreSQL and Redis. PRODUCTION=1 turns on what a public server needs and refuses what it must not
have (no SECRET_KEY, the simulator).
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from openrouter_site.environment import (
    database,
    decimal_units,
    env_accent,
    env_bool,
    env_decimal,
    env_number,
    env_text,
    keep_once,
)
from openrouter_site.static import add_headers

BASE_DIR = Path(__file__).resolve().parent.parent


PRODUCTION = env_bool("PRODUCTION", default=False)
DEBUG = env_bool("DEBUG", default=False)
PORT = int(env_number("PORT", 8000, 1))
DATA_DIR = Path(env_text("DATA_DIR", str(BASE_DIR / "var"))).resolve()
SITE_URL = env_text("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
SITE_NAME = env_text("SITE_NAME", "OpenRouter")
# The mark beside the name: one or two letters, or an SVG (SITE_MARK_FILE). The accent: two colours.
SITE_MARK = env_text("SITE_MARK")
SITE_ACCENT = env_accent("SITE_ACCENT")


def _secret_key() -> str:
    """SECRET_KEY, or one made once and kept in DATA_DIR: the first run needs no settings."""
    if key := env_text("SECRET_KEY"):
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("PRODUCTION=1 needs SECRET_KEY: 50 random characters or more")
    path = DATA_DIR / "secret_key"
    try:
        return path.read_text()
    except FileNotFoundError:
        from django.core.management.utils import get_random_secret_key

        return keep_once(path, get_random_secret_key())


SECRET_KEY = _secret_key()
# Old ones, with commas: what they signed or encrypted is still read.
SECRET_KEY_FALLBACKS = [
    key.strip() for key in env_text("SECRET_KEY_FALLBACKS").split(",") if key.strip()
]
ALLOWED_HOSTS = [
    host.strip()
    for host in env_text(
        "ALLOWED_HOSTS", urlsplit(SITE_URL).hostname or "" if PRODUCTION else "*"
    ).split(",")
    if host.strip()
]

# daphne serves `manage.py runserver`; elsewhere it would only cost its imports at every start.
_RUNSERVER_APPS = ["daphne"] if sys.argv[1:2] == ["runserver"] else []

# Buttons "Continue with ..." for those whose two variables are set.
SOCIAL_SIGN_IN = {
    name: (env_text(f"{name.upper()}_CLIENT_ID"), env_text(f"{name.upper()}_CLIENT_SECRET"))
    for name in ("google", "github")
    if env_text(f"{name.upper()}_CLIENT_ID")
}

INSTALLED_APPS = [
    *_RUNSERVER_APPS,
    "openrouter_site.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{name}" for name in SOCIAL_SIGN_IN),
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_cotton",
    "catalog",
    "accounts",
    "billing",
    "activity",
    "routing",
    "rankings",
    "doctor",
    "api",
    "pages",
    "explore",
    "playground",
    "documentation",
    "ui",
]

MIDDLEWARE = [
    # Outermost: it is async, and below it is what needs a thread.
    "servestatic.middleware.ServeStaticMiddleware",
    "api.middleware.api_headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.session_activity.session_activity",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "openrouter_site.urls"
ASGI_APPLICATION = "openrouter_site.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "ui.context.site",
                "pages.context.visitor",
            ],
            "builtins": ["django.templatetags.static", "ui.templatetags.ui"],
        },
    },
]


DATABASE_URL = env_text("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'db.sqlite3'}"
DATABASES = {"default": database(DATABASE_URL, test_folder=DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env_text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "openrouter_site.cache.RedisOrMemory",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pages",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
# How processes tell each other of runs in the Playground (playground.hub).
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "capacity": 500},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sign-up and login (docs/accounts.md): django-allauth, with the e-mail address as the only name.
SIGN_UP = env_text("SIGN_UP", "open")
if SIGN_UP not in {"open", "invite", "closed"}:
    raise ImproperlyConfigured(f"SIGN_UP={SIGN_UP!r}; use open, invite or closed")
STAFF_TWO_FACTOR = env_bool("STAFF_TWO_FACTOR", default=PRODUCTION)
# Before keys, payments and factors one is asked again who one is, when that was shown longer ago.
REAUTHENTICATION_TIMEOUT_S = env_number("REAUTHENTICATION_TIMEOUT_S", 2 * 60 * 60, 1)
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.sign_up_form.SignUpForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Codes and not links: they are typed where one began, so `next=` and the session are still there.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_TIMEOUT_S
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# The web server has resolved X-Forwarded-For already (FORWARDED_ALLOW_IPS), and only in production:
# what is left of that header is the client's own word.
ALLAUTH_TRUSTED_PROXY_COUNT = 0
MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_FORMS = {"add_webauthn": "accounts.passkey_form.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = {
    name: {
        "APPS": [{"client_id": client_id, "secret": secret, "key": ""}],
        "SCOPE": ["profile", "email"] if name == "google" else ["user:email"],
        "EMAIL_AUTHENTICATION": False,
    }
    for name, (client_id, secret) in SOCIAL_SIGN_IN.items()
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
if not PRODUCTION:
    # `collectstatic` fills it in production; elsewhere the finders serve, and it may be empty.
    with contextlib.suppress(OSError):
        STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
_STATIC_STORAGE = (
    "servestatic.storage.CompressedManifestStaticFilesStorage"
    if PRODUCTION
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}
SERVESTATIC_USE_FINDERS = not PRODUCTION
SERVESTATIC_USE_MANIFEST = PRODUCTION
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_ADD_HEADERS_FUNCTION = add_headers

# Components see their attributes and what every page has, not the variables around them.
COTTON_ISOLATE_BY_DEFAULT = True
# In a cookie: a message needs neither a session nor the database.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "api.views.answer_exception",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}

# Celery: Redis when there, else a folder as its queue (one machine, no service).
_QUEUE_DIR = DATA_DIR / "celery"
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {}
    if REDIS_URL
    else {
        "data_folder_in": str(_QUEUE_DIR / "queue"),
        "data_folder_out": str(_QUEUE_DIR / "queue"),
        "control_folder": str(_QUEUE_DIR / "control"),
    }
)
CELERY_BEAT_SCHEDULE_FILENAME = str(_QUEUE_DIR / "beat")
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- The product -------------------------------------------------------------------------------

# Providers that have a credential, in the environment or stored, are called at their own address;
# the others at this one ("{slug}" is filled in), or not at all when it is empty.
UNCONFIGURED_PROVIDER_URL = env_text("UNCONFIGURED_PROVIDER_URL")
if PRODUCTION and UNCONFIGURED_PROVIDER_URL:
    raise ImproperlyConfigured("PRODUCTION=1 never serves models from UNCONFIGURED_PROVIDER_URL")

# Encrypts the credentials stored in the database (catalog.encryption).
CREDENTIALS_KEY = env_text("CREDENTIALS_KEY")

DEFAULT_MODEL = env_text("DEFAULT_MODEL", "openai/gpt-3.5-turbo")
CATALOG_POLL_S = env_number("CATALOG_POLL_S", 2)
KEY_TTL_S = env_number("KEY_TTL_S", 1.5)
BODY_BYTES_MAX = int(env_number("BODY_BYTES_MAX", 20 * 1024 * 1024))

# Routing: the seed's ten-second outage window and 1/price weights (spec/decisions.md).
ROUTING_OUTAGE_WINDOW_S = env_number("ROUTING_OUTAGE_WINDOW_S", 10)
ROUTING_PRICE_EXPONENT = env_number("ROUTING_PRICE_EXPONENT", 1)
ROUTING_ANSWERS_PER_FAILURE = env_number("ROUTING_ANSWERS_PER_FAILURE", 4)
ROUTING_RETRY_SHARE = env_number("ROUTING_RETRY_SHARE", 0.2)

# Limits (seed, section Limits), for each account; WORKERS share them where there is no Redis.
RATE_LIMITS = env_bool("RATE_LIMITS", default=True)
RATE_LIMIT_SURGE = int(env_number("RATE_LIMIT_SURGE", 200, 1))
# A Redis that takes longer is left alone; a request may wait twice as long.
RATE_LIMIT_REDIS_TIMEOUT_S = env_number("RATE_LIMIT_REDIS_TIMEOUT_S", 0.05, 0.001)
FREE_REQUESTS_PER_MINUTE = int(env_number("FREE_REQUESTS_PER_MINUTE", 20, 1))
FREE_REQUESTS_PER_DAY = int(env_number("FREE_REQUESTS_PER_DAY", 200, 1))
WORKERS = int(env_number("WORKERS", 1, 1))

# Who judges a prompt before it goes to a moderated endpoint (routing.moderation).
MODERATION = env_text("MODERATION", "auto")
if MODERATION not in {"auto", "openai", "embedded", "off"}:
    raise ImproperlyConfigured(f"MODERATION={MODERATION!r}; use auto, openai, embedded or off")

# Apps that ask a user for a key must prove by S256 that it is they who exchange the code.
REQUIRE_PKCE_S256 = env_bool("REQUIRE_PKCE_S256", default=False)

# Who sees the rankings: everybody, everybody but without names of apps, who is signed in
# (rankings.access).
RANKINGS = env_text("RANKINGS", "public")
if RANKINGS not in {"public", "anonymous", "private"}:
    raise ImproperlyConfigured(f"RANKINGS={RANKINGS!r}; use public, anonymous or private")

# What pictures and objects of one person's chats may take together.
PLAYGROUND_FILES_MIB = int(env_number("PLAYGROUND_FILES_MIB", 500, 1))

# Every configured provider is asked so often whether it is there (a Celery task).
PROBE_INTERVAL_S = env_number("PROBE_INTERVAL_S", 30, 1)

# The worker shows so often that it lives (doctor.tasks).
WORKER_BEAT_S = 20.0

# Deadlines, each inside its parent (design/streaming.md section 3). Tests divide them.
TIMEOUT_SCALE = env_number("TIMEOUT_SCALE", 1, 0.001)
REQUEST_TIMEOUT_S = 900 * TIMEOUT_SCALE
ATTEMPT_TIMEOUT_S = 600 * TIMEOUT_SCALE
CONNECT_TIMEOUT_S = max(1.0, 5 * TIMEOUT_SCALE)
FIRST_CONTENT_TIMEOUT_S = env_number("FIRST_CONTENT_TIMEOUT_S", 60) * TIMEOUT_SCALE
CHUNK_GAP_TIMEOUT_S = 45 * TIMEOUT_SCALE
WRITE_STALL_TIMEOUT_S = 30 * TIMEOUT_SCALE
HEADER_TIMEOUT_S = 10.0
BODY_TIMEOUT_S = 30.0
COMMENT_INTERVAL_S = 5 * TIMEOUT_SCALE
DRAIN_TIMEOUT_S = env_number("DRAIN_TIMEOUT_S", 120)

# Money (design/money.md).
OVERRUN_POLICY = env_text("OVERRUN", "absorb")
if OVERRUN_POLICY not in {"absorb", "charge"}:
    raise ImproperlyConfigured(f"OVERRUN={OVERRUN_POLICY!r}; use absorb or charge")
# A present for every new account, and the credits below which an e-mail is sent (0: neither).
PROMO_CREDITS_NANO = env_decimal("PROMO_CREDITS", "0", places=9, maximum=1_000_000)
LOW_BALANCE_NANO = env_decimal("LOW_BALANCE_CREDITS", "0", places=9, maximum=1_000_000)
# What we charge, in percent of its price, of an answer made with the caller's own provider key.
BYOK_FEE_BP = env_decimal("BYOK_FEE_PERCENT", "0", places=2, maximum=100)
HOLDS_KEPT_DAYS = int(env_number("HOLDS_KEPT_DAYS", 7, 1))
INSTANCE_HEARTBEAT_S = 5 * TIMEOUT_SCALE
INSTANCE_SILENT_S = 30 * TIMEOUT_SCALE
REAPER_INTERVAL_S = 15 * TIMEOUT_SCALE
HOLD_TTL_S = REQUEST_TIMEOUT_S + DRAIN_TIMEOUT_S + 60
PROGRESS_INTERVAL_S = 1.0

# Payments: by Stripe when there is a key. Without one: test payments, in production none.
STRIPE_SECRET_KEY = env_text("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env_text("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env_text("STRIPE_API_BASE").rstrip("/")
if STRIPE_SECRET_KEY and not STRIPE_WEBHOOK_SECRET:
    raise ImproperlyConfigured("STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET: whsec_...")
if PRODUCTION and STRIPE_API_BASE:
    raise ImproperlyConfigured("PRODUCTION=1 takes payments by Stripe itself: no STRIPE_API_BASE")
PAYMENT_FEE_PPM = env_decimal("PAYMENT_FEE_PERCENT", "0", places=4, maximum=100)
PAYMENT_FEE_FIXED_CENTS = env_decimal("PAYMENT_FEE_FIXED_CENTS", "0", places=0, maximum=100_000)
PAYMENT_MIN_CENTS = env_decimal("PAYMENT_MIN", "5", places=2, maximum=100_000)
PAYMENT_MAX_CENTS = env_decimal("PAYMENT_MAX", "1000", places=2, maximum=100_000)
PAYMENT_PRESETS_CENTS = tuple(
    decimal_units("PAYMENT_PRESETS", text, places=2, maximum=100_000)
    for text in env_text("PAYMENT_PRESETS", "5,10,25,50,100").split(",")
)
if not 50 <= PAYMENT_MIN_CENTS <= PAYMENT_MAX_CENTS:
    raise ImproperlyConfigured("PAYMENT_MIN must be 0.50 or more, and PAYMENT_MAX no less")

# What was counted of endpoints is written and read so often, by each server process.
STATISTICS_WRITE_INTERVAL_S = 5 * TIMEOUT_SCALE
STATISTICS_READ_INTERVAL_S = 10 * TIMEOUT_SCALE

# E-mail: to EMAIL_HOST when there is one, else into files below DATA_DIR. OPERATOR_EMAIL is who
# gets the alarms of the ledger.
EMAIL_HOST = env_text("EMAIL_HOST")
EMAIL_PORT = int(env_number("EMAIL_PORT", 587, 1))
EMAIL_HOST_USER = env_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = env_text(
    "EMAIL_BACKEND",
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend",
)
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = env_text(
    "DEFAULT_FROM_EMAIL", f"{SITE_NAME} <no-reply@{urlsplit(SITE_URL).hostname or 'localhost'}>"
)
OPERATOR_EMAIL = env_text("OPERATOR_EMAIL")

# --- Security ----------------------------------------------------------------------------------

# Pages load what is here and nothing else; what is written into a page needs a nonce.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "openrouter_site.views.csrf_failure"
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = int(env_number("SECURE_HSTS_SECONDS", 31_536_000))
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    CSRF_TRUSTED_ORIGINS = [SITE_URL]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env_text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "uvicorn.error": {"level": "WARNING"},
        # It tells of every request.
        "stripe": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
        # It warns of each try, while whoever waits for a connection says that there is none.
        "psycopg.pool": {"level": "ERROR"},
    },
}

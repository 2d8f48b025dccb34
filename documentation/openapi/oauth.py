"""Keys for apps by OAuth PKCE: POST /auth/keys, /auth/keys/code."""

from __future__ import annotations

from accounts.app_requests import LABEL_CHARACTERS_MAX, PERIODS
from documentation.openapi.key_schemas import LIMIT
from documentation.openapi.operation import Access, Content, Group, Operation
from documentation.openapi.schema import (
    Schema,
    either,
    integer,
    moment,
    one_of,
    optional_fields,
    record,
    ref,
    text,
)

_TEXT_MAX = 256
_METHOD: Schema = one_of(
    "How the challenge was made of the verifier: `plain` when it is not named.", "S256", "plain", ""
)

_EXCHANGE = Operation(
    "post", "/auth/keys", "exchangeCode", "Exchange a code for a key",
    "The last step of signing in with this site: send a user to `/auth?callback_url=…`, and"
    " exchange the `code` that comes back. A code works once, for ten minutes. The content type of"
    " the body does not matter.",
    Access.PUBLIC,
    (
        Content(
            record({"key": text("The key, for inference."), "user_id": text("Whose it is.")}),
            {"key": "sk-or-v1-…", "user_id": "user_7"},
        ),
    ),
    body=Content(
        ref("CodeExchange"),
        {
            "code": "auth_code_kZ3Vh1mJ0q8yXfB5tS7pWnQ2rLc9uEaD", "code_challenge_method": "S256",
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        },
    ),
    errors={
        400: "A field is missing, or the method is not that of the code.",
        403: "The code is unknown, over or used, or the verifier does not fit.",
        409: "The account has as many keys as are allowed.",
        429: "Too many exchanges from one address.",
    },
)  # fmt: skip

_CODE = Operation(
    "post", "/auth/keys/code", "createCode", "Make a code for an app",
    "For a program that acts for a user already, and wants to give another app a key of its own.",
    Access.ANY_KEY,
    (
        Content(
            record(
                {
                    "data": record(
                        {
                            "id": text("The code."), "app_id": integer("A number of the app."),
                            "created_at": moment(),
                        }
                    )
                }
            ),
            {
                "data": {
                    "id": "auth_code_kZ3Vh1mJ0q8yXfB5tS7pWnQ2rLc9uEaD", "app_id": 2309483241,
                    "created_at": "2026-06-10T06:13:20.482000+00:00",
                }
            },
        ),
    ),
    body=Content(
        ref("CodeRequest"),
        {
            "callback_url": "https://app.example/callback", "code_challenge_method": "S256",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "limit": 5,
        },
    ),
    errors={
        403: "The key is an app's, a member's or limited, and may not make others.",
        409: "Too many codes of the account are open.",
    },
)  # fmt: skip

GROUP = Group(
    "oauth", "Sign in with a key",
    "Let people sign in to your app and use their own credits there: OAuth with PKCE, and a key of"
    " theirs that they can limit and revoke.",
    (_EXCHANGE, _CODE),
    {
        "CodeExchange": record(
            {
                "code": text("From `?code=` of the callback.", minLength=1, maxLength=_TEXT_MAX),
                **optional_fields(
                    {
                        "code_verifier": text("Of the challenge.", maxLength=_TEXT_MAX),
                        "code_challenge_method": _METHOD,
                    }
                ),
            },
            "Unknown fields are ignored.",
            required=("code",),
        ),
        "CodeRequest": record(
            {
                "callback_url": text("Where the app gets the code: https, or this computer."),
                **optional_fields(
                    {
                        "code_challenge": text(
                            "With `S256`: base64url of the SHA-256 of the verifier.",
                            maxLength=_TEXT_MAX,
                        ),
                        "code_challenge_method": _METHOD,
                        "limit": either(LIMIT, text(), says="Dollars the key may spend."),
                        "usage_limit_type": one_of("When the limit counts anew.", *PERIODS, ""),
                        "expires_at": either(moment(), says="When the key ends; UTC."),
                        "key_label": text(
                            "The name of the key.", maxLength=LABEL_CHARACTERS_MAX
                        ),
                    }
                ),
                **{
                    name: {"description": "Changes nothing here."}
                    for name in ("workspace_id", "spawn_agent", "spawn_cloud")
                },
            },
            "Unknown fields are refused.",
            required=("callback_url",),
            closed=True,
        ),
    },
)  # fmt: skip

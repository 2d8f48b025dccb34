"""The form that adds a passkey: one that signs in alone, unless somebody wants it otherwise."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        alone = self.fields["passwordless"]
        alone.initial = True
        alone.label = "Sign in with it alone"
        alone.help_text = (
            "Without a password. Needs a device that asks for your fingerprint, face or PIN;"
            " switch this off for a simple security key, which is asked for after the password."
        )

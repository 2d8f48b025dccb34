"""What the pages of sign-up and login ask."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.forms import BoundField

from accounts import setup, sign_up

register = template.Library()

register.simple_tag(sign_up.is_open, name="sign_up_is_open")
register.simple_tag(setup.is_needed, name="setup_is_needed")

_LABELS = {"Email": "E-mail address", "Login": "E-mail address", "Name": "Name of the passkey"}


@register.simple_tag
def mail_folder() -> str:
    """Where the e-mails are while there is no mail server; nothing that a public page says."""
    is_file = settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
    return str(settings.EMAIL_FILE_PATH) if is_file and not settings.PRODUCTION else ""


@register.simple_tag
def sign_up_mode() -> str:
    return str(settings.SIGN_UP)


@register.filter
def label(field: BoundField) -> str:
    """allauth's, written as ours are."""
    text = str(field.label)
    return _LABELS.get(text) or text.replace("Email", "E-mail").lower().capitalize()


@register.filter
def plain(field: BoundField) -> BoundField:
    """Without the placeholder, which would only repeat the label."""
    field.field.widget.attrs.pop("placeholder", None)
    return field


@register.filter
def help_text(field: BoundField) -> object:
    """One sentence for the rules of a new password, which Django says in a list."""
    if "<ul>" in str(field.help_text):
        return "8 characters or more, no common word, nothing like your address."
    return field.help_text

"""/leaked: who found a key somewhere ends it here, without an account."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts import leaked_keys
from billing import limits
from openrouter_site.errors import TooManyRequests
from pages import errors


class LeakForm(forms.Form):
    text = forms.CharField(
        label="The key, or the text it is in",
        max_length=leaked_keys.TEXT_CHARACTERS_MAX,
        help_text="Up to 20 keys at once. What else is in the text is not kept.",
        widget=forms.Textarea(attrs={"autocomplete": "off", "spellcheck": "false", "rows": 4}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def leaked(request: HttpRequest) -> HttpResponse:
    """The same answer whether the key was one of ours, worked, or was none at all."""
    form = LeakForm(request.POST or None)
    is_done = request.method == "POST" and form.is_valid()
    if request.method == "POST":
        try:
            limits.read(f"address:{request.META.get('REMOTE_ADDR', '')}")
        except TooManyRequests:
            return errors.page(request, 429)
    if is_done:
        leaked_keys.revoke(form.cleaned_data["text"])
        form = LeakForm()
    return render(request, "account/leaked.html", {"form": form, "is_done": is_done})

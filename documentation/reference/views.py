from __future__ import annotations
from django.http import HttpRequest, HttpResponse
def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
def group(request: HttpRequest, group: str) -> HttpResponse:
    return HttpResponse("")

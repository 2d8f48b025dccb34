"""/playground/files: pictures in, pictures and objects out, for their owner alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import reverse

from accounts.models import User
from openrouter_site.errors import BadRequest
from playground import access, files
from playground.asking import answered, body_bytes, for_the_page
from playground.ending import PLY
from playground.models import Attachment


@for_the_page("POST")
def upload(request: HttpRequest, user: User) -> HttpResponse:
    """The bytes of a picture, as they are."""
    if request.content_type not in files.PICTURE_TYPES:
        raise BadRequest(
            "Only PNG, JPEG and WebP pictures can be sent"
            " (Content-Type: image/png, image/jpeg or image/webp).",
            {"field": "file"},
        )
    file = files.keep_picture(user.pk, body_bytes(request, files.PICTURE_BYTES_MAX))
    return answered({"id": file.pk, "url": reverse("playground_file", args=[file.pk])}, 201)


@for_the_page("GET")
def file(request: HttpRequest, user: User, file_id: str) -> HttpResponse:
    return sent(request, access.file_of(user.pk, file_id))


@for_the_page("GET")
def last_object(request: HttpRequest, user: User) -> HttpResponse:
    """Where the newest 3D object of this person is, for the page of the model; null without one."""
    objects = Attachment.objects.filter(user=user, media_type=PLY, chat__deleted_at=None)
    newest = objects.exclude(chat=None).order_by("-created_at", "-pk").values_list("pk", flat=True)
    pk = newest.first()
    return answered({"url": None if pk is None else reverse("playground_file", args=[pk])})


def sent(request: HttpRequest, file: Attachment) -> HttpResponse:
    """It never changes, so who has it is only asked whether it may still be seen.

    Whatever it is, a browser that opens it by itself runs nothing of it.
    """
    etag = f'"{file.pk}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    is_picture = file.media_type in files.PICTURE_TYPES
    name = f"{file.pk}.{files.suffix(file)}"
    kind = "inline" if is_picture else "attachment"
    return HttpResponse(
        files.content(file),
        content_type=file.media_type
        if file.media_type in files.SENT_TYPES
        else "application/octet-stream",
        headers=headers
        | {
            "Content-Disposition": f'{kind}; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )

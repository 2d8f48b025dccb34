"""Files: pictures that are asked about, and objects that were made.

A picture is taken for what its bytes say it is, whatever it was called; it is never decoded.
"""

from __future__ import annotations

import base64

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum

from accounts.models import User
from catalog import encryption
from openrouter_site.errors import BadRequest, NotFound, PayloadTooLarge
from playground import ids
from playground.models import Attachment
from routing import pictures

PICTURE_BYTES_MAX = 8 * 1024 * 1024
FILES_MAX = 20_000
PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp")
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "model/ply": "ply"}
SENT_TYPES = frozenset(_SUFFIXES)
_MIB = 1024 * 1024


def keep_picture(user_id: int, data: bytes) -> Attachment:
    """Raises BadRequest for what is no PNG, JPEG or WebP, and what `keep` raises."""
    try:
        picture = pictures.read(data)
    except pictures.BadPicture as reason:
        raise BadRequest(f"The file must be {reason}.", {"field": "file"}) from None
    return keep(user_id, data, picture.media_type)


def keep(user_id: int, data: bytes, media_type: str, chat_id: str | None = None) -> Attachment:
    """Raises PayloadTooLarge when the person's space is used up."""
    encrypted = encryption.encrypt(base64.b64encode(data).decode())
    with transaction.atomic():
        # One upload at a time for each person, so that several together cannot exceed it.
        User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        _check_space(user_id, len(data))
        return Attachment.objects.create(
            id=ids.new("file"), user_id=user_id, chat_id=chat_id, encrypted=encrypted,
            media_type=media_type, size_bytes=len(data),
        )  # fmt: skip


def _check_space(user_id: int, size_bytes: int) -> None:
    rows = Attachment.objects.filter(user_id=user_id)
    there = rows.aggregate(size=Sum("size_bytes"), count=Count("pk"))
    limit_mib: int = settings.PLAYGROUND_FILES_MIB
    if (there["size"] or 0) + size_bytes > limit_mib * _MIB or there["count"] >= FILES_MAX:
        raise PayloadTooLarge(
            f"Your pictures and objects take {(there['size'] or 0) / _MIB:.0f} of {limit_mib} MiB."
            " Delete chats that have some, then try again.",
            {"field": "file"},
        )


def content(file: Attachment) -> bytes:
    """Raises NotFound when the key it was encrypted with is gone."""
    try:
        return base64.b64decode(encryption.decrypt(file.encrypted))
    except encryption.Unreadable:
        raise NotFound("There is no such file.") from None


def suffix(file: Attachment) -> str:
    """For its name."""
    return _SUFFIXES.get(file.media_type, "bin")

"""The operator's desk of a gateway under test: a process that does what pages and commands do.

`gateway_process.Desk` starts it, after django.setup(). JSON lines in, JSON lines out, so that a key
costs a millisecond and not the start of a process:
{"do": "key", "email": ..., "credits": "5", "limit": null} -> {"ok": {...}} or {"error": text}.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command, get_commands
from django.db import connection
from kept_chat import kept_chat
from sessions import authentication

from accounts import kept_prompts, keys, members
from accounts.addresses import set_verified
from accounts.member_rows import Role
from accounts.models import ApiKey, User
from billing.book import REVENUE
from billing.credits import account_id, grant
from billing.ledger import Transfer
from billing.models import Account, KeyBudget, MemberBudget
from billing.writer import run_now
from catalog import encryption
from openrouter_site.money import parse_amount
from playground.models import Attachment, Chat, Message
from playground.sealing import opened, sealed


def key(email, credits="5", limit=None, debt=None, expired=False, ignored=("azure",)):
    """Azure sells OpenAI's models at OpenAI's prices: without it, a test knows who is asked."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(email)
    if list(ignored) != user.ignored_providers:
        User.objects.filter(pk=user.pk).update(ignored_providers=list(ignored))
    expires_at = datetime.now(UTC) - timedelta(hours=1) if expired else None
    row, text = keys.create(user, "wire", expires_at=expires_at)
    if limit is not None:
        KeyBudget.objects.create(key=row, limit_nano=parse_amount(limit))
    if parse_amount(credits):
        grant(user, parse_amount(credits), "wire test")
    if debt is not None:
        _take(account_id(user), parse_amount(debt))
    return {"key": text, "key_id": row.pk, "user_id": user.pk}


def _take(account, amount_nano):
    run_now(
        Transfer(
            transfer_id=f"debt:{account}",
            debit=account,
            credit=REVENUE,
            amount_nano=amount_nano,
            kind="reversal",
            ref=account,
        )
    )


def session(email="", user_id=None, is_staff=False, password=None, age_s=0):
    """A browser that signed in just now, or long ago: the value of its session cookie."""
    known = User.objects.filter(pk=user_id) if user_id else User.objects.filter(email=email)
    user = known.first() or User.objects.create_user(email)
    set_verified(user)
    if password:
        user.set_password(password)
        user.save(update_fields=["password"])
    if is_staff:
        User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.update(authentication(user, age_s=age_s))
    store.create()
    UserSession.objects.create(user=user, session_key=store.session_key, ip="127.0.0.1")
    return store.session_key


def disable(key_id):
    ApiKey.objects.filter(pk=key_id).update(disabled=True)


def deactivate(user_id):
    User.objects.filter(pk=user_id).update(is_active=False)


def freeze(user_id):
    Account.objects.filter(pk=f"user:{user_id}").update(frozen=True)


def set_user(user_id, **fields):
    """What the person sets on the pages of settings."""
    User.objects.filter(pk=user_id).update(**fields)
    for row in ApiKey.objects.filter(user_id=user_id):
        keys.forget(row.digest)


def kept(user_id, generation_id):
    """What is kept of a request, decrypted."""
    found = kept_prompts.read(user_id, generation_id)
    return found and found.document


def erase(user_id):
    return kept_prompts.erase(user_id)


def everything():
    """Every row of every table, as text."""
    found = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [f"{table}: {row}" for row in cursor.fetchall()]
    return found


def chat(user_id, chat_id):
    """A chat of this person, empty."""
    row = Chat(id=chat_id, user_id=user_id, updated_at=datetime.now(UTC))
    row.encrypted = sealed({"title": "", "settings": {}})
    row.save(force_insert=True)


def messages(chat_id):
    """All messages of a chat, oldest first, with what is in them."""
    return [
        {
            "id": row.pk, "parent": row.parent_id, "pane": row.pane, "role": row.role,
            "state": row.state, "sequence": row.sequence, "instance_id": row.instance_id,
            "message": opened(row.encrypted), "generation": row.generation_id,
            "model": row.model, "provider": row.provider_name, "cost_nano": row.cost_nano,
            "figures": row.figures, "error": row.error,
        }
        for row in Message.objects.filter(chat_id=chat_id)
    ]  # fmt: skip


def attach(user_id, file_id, media_type, data, chat_id=None):
    """A file of this person; `data` is base64."""
    Attachment.objects.create(
        id=file_id, user_id=user_id, chat_id=chat_id, media_type=media_type,
        size_bytes=len(data), encrypted=encryption.encrypt(data),
    )  # fmt: skip


def file(file_id):
    """What is in a file, as base64."""
    row = Attachment.objects.get(pk=file_id)
    return {"data": encryption.decrypt(row.encrypted), "size_bytes": row.size_bytes}


def join(owner_id, user_id, limit=None):
    """Make a person a member of an account, with a budget or without."""
    owner, user = User.objects.get(pk=owner_id), User.objects.get(pk=user_id)
    member = members.add(owner, user, Role.MEMBER, actor="test")
    limit_nano = None if limit is None else parse_amount(limit)
    MemberBudget.objects.update_or_create(member=member, defaults={"limit_nano": limit_nano})


def sign_out(session):
    SessionStore(session).delete()


def sql(query, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def command(name, arguments=()):
    """What `manage.py NAME` would say; None when there is no such command."""
    if name not in get_commands():
        return None
    out = io.StringIO()
    status = 0
    try:
        call_command(name, *arguments, stdout=out, stderr=out)
    except SystemExit as error:
        status = error.code
    except Exception as error:
        status, text = 1, f"{type(error).__name__}: {error}"
        out.write(text)
    return {"status": status, "output": out.getvalue()}


ACTIONS = {
    action.__name__: action
    for action in (
        key, session, disable, deactivate, freeze, sql, command, set_user, kept, erase, everything,
        kept_chat, chat, messages, attach, file, join, sign_out,
    )
}  # fmt: skip


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": ACTIONS[asked.pop("do")](**asked)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
            connection.close()  # it may be broken; the next one asked gets a new one
        print(json.dumps(answer, default=str), flush=True)

"""Sessions of the test client: signed in just now, or long ago."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as USER_KEY,
)
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY as RECORDS_KEY,
)
from allauth.account.internal.userkit import user_id_to_str


def authentication(user, method="password", age_s=0):
    """What a session keeps of how somebody showed who he is."""
    records = [{"method": method, "at": time.time() - age_s}]
    return {RECORDS_KEY: records, USER_KEY: user_id_to_str(user)}


def sign_in(client, user, method="password", age_s=0):
    """As by the page for it; `force_login` alone shows nothing about who it is."""
    client.force_login(user)
    session = client.session
    session.update(authentication(user, method, age_s))
    session.save()

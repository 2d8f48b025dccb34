"""Pages of people. Names are in navigation.py where a menu leads to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from pages import (
    activity,
    audit,
    auto_top_up,
    connected,
    consent,
    credit_history,
    credits,
    doctor,
    invitations,
    key_creation,
    key_detail,
    keys,
    landing,
    leaked,
    member_invitations,
    members,
    operator,
    payments,
    personal_data,
    privacy,
    provider_keys,
    quick,
    security,
    setup,
    social,
    styleguide,
    theme,
)
from pages import settings as settings_pages

app_name = "pages"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("theme", theme.choose, name="theme"),
    path("quick", quick.find, name="quick"),
    # Activity
    path("activity", activity.activity, name="activity"),
    path("activity.csv", activity.as_csv, name="activity-csv"),
    path("activity/<str:generation_id>", activity.one_request, name="request"),
    # Apps that ask for a key
    path("auth", consent.consent, name="consent"),
    path("auth/switch", consent.switch, name="consent-switch"),
    path("auth/debug", consent.debug, name="consent-debug"),
    path("settings/apps", connected.connected, name="connected"),
    path("settings/apps/revoke", connected.revoke_app, name="revoke-app"),
    path("settings/apps/keys/<int:key_id>/revoke", connected.revoke_key, name="revoke-app-key"),
    # Keys
    path("settings/keys", keys.keys, name="keys"),
    path("settings/keys/new", key_creation.new, name="key-new"),
    path("settings/keys/<int:key_id>", key_detail.key, name="key"),
    path("settings/keys/<int:key_id>/switch", key_detail.switch, name="key-switch"),
    path("settings/keys/<int:key_id>/rotate", key_detail.rotate, name="key-rotate"),
    path("settings/keys/<int:key_id>/delete", key_detail.delete, name="key-delete"),
    path("leaked", leaked.leaked, name="leaked"),
    # Members
    path("settings/members", members.members, name="members"),
    path("settings/members/invite", member_invitations.invite, name="member-invite"),
    path(
        "settings/members/invitations/<int:invitation_id>/withdraw",
        member_invitations.withdraw,
        name="invitation-withdraw",
    ),
    path("settings/members/<int:member_id>", members.member, name="member"),
    path("settings/members/<int:member_id>/remove", members.remove, name="member-remove"),
    path("settings/memberships/<int:member_id>/leave", members.leave, name="membership-leave"),
    # Operators
    path("operator", operator.home, name="operator"),
    path("operator/doctor", doctor.show, name="doctor"),
    path("operator/doctor/mail", doctor.send_mail_to_oneself, name="doctor-mail"),
    path("operator/audit", audit.show, name="audit"),
    path("operator/audit.csv", audit.download, name="audit-csv"),
    # Settings
    path("settings", settings_pages.defaults, name="settings"),
    path("settings/privacy", privacy.policy, name="privacy"),
    path("settings/privacy/prompts", privacy.prompts, name="prompts"),
    path("settings/privacy/erase", privacy.erase, name="erase-prompts"),
    path("settings/export", personal_data.export, name="export"),
    path("settings/close", personal_data.close, name="close"),
    path("settings/provider-keys", provider_keys.listing, name="byok"),
    path("settings/provider-keys/<int:pk>/<slug:action>", provider_keys.act, name="byok-act"),
    path("settings/provider-keys/at/<slug:slug>", provider_keys.never_fall_back, name="byok-only"),
    # Signing in, and security
    path("setup", setup.first_operator, name="setup"),
    path("invitations/<str:token>", invitations.accept, name="invitation"),
    path("memberships/<int:member_id>", invitations.membership, name="membership"),
    path("settings/security", security.overview, name="security"),
    path("settings/security/sessions/end", security.end_other_sessions, name="end-sessions"),
    path(
        "settings/security/sessions/<int:session_id>/end", security.end_session, name="end-session"
    ),
    path("accounts/password/set/", security.set_password, name="set-password"),
    path("accounts/2fa/", security.moved, name="moved-factors"),
    path("accounts/2fa/webauthn/", security.moved, name="moved-passkeys"),
    path("accounts/sessions/", security.moved, name="moved-sessions"),
    # Credits
    path("settings/credits", credits.credits, name="credits"),
    path("settings/credits/quote", credits.quoted, name="credits-quote"),
    path("settings/credits/pay", credits.pay, name="credits-pay"),
    path("settings/credits/auto-top-up", auto_top_up.auto_top_up, name="auto-top-up"),
    path("settings/credits/history", credit_history.credit_history, name="credits-history"),
    path("settings/credits/statement", credit_history.statement, name="credits-statement"),
    path("settings/credits/payments", payments.payments, name="payments"),
    path("settings/credits/payments/<slug:payment_id>", payments.payment, name="payment"),
    path("settings/credits/payments/<slug:payment_id>/refund", payments.refund, name="refund"),
    # Google, GitHub
    *social.paths(),
]
if settings.DEBUG:
    urlpatterns.append(path("_styleguide", styleguide.show, name="styleguide"))

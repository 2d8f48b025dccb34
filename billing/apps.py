from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_save


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import promo

        post_save.connect(promo.greet, sender="accounts.User", dispatch_uid="billing.promo")

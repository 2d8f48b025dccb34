"""Pages of people. Names are in navigation.py where a menu leads to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from pages import audit, doctor, landing, operator, styleguide, theme

app_name = "pages"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("theme", theme.choose, name="theme"),
    path("operator", operator.home, name="operator"),
    path("operator/doctor", doctor.show, name="doctor"),
    path("operator/doctor/mail", doctor.send_mail_to_oneself, name="doctor-mail"),
    path("operator/audit", audit.show, name="audit"),
    path("operator/audit.csv", audit.download, name="audit-csv"),
]
if settings.DEBUG:
    urlpatterns.append(path("_styleguide", styleguide.show, name="styleguide"))

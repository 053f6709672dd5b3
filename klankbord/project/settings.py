"""Django's settings. What differs per installation comes from the environment, see ``docs/running.md``."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from klankbord.base.secrets import read_secrets, secrets_path
from klankbord.project import logs
from klankbord.project.address import FilledInHost
from klankbord.project.installation import CHECKOUT, app_url, data_dir
from klankbord.project.login import *  # noqa: F403  # the settings of the log-in, a page of their own
from klankbord.project.provider import Provider, configured, for_allauth

DATA = data_dir()
_secrets = read_secrets(secrets_path(DATA))
SECRET_KEY = _secrets["django_secret_key"]
FIELD_ENCRYPTION_KEY = _secrets["field_encryption_key"]
SETUP_CODE = _secrets["setup_code"]

# Where residents and colleagues find us; empty: this machine, and the address that was filled in on the screen.
ADDRESS = os.environ.get("KLANKBORD_ADDRESS", "").rstrip("/")
_host = urlsplit(ADDRESS).hostname
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *([_host] if _host else []), FilledInHost("as filled in")]
CSRF_TRUSTED_ORIGINS = [ADDRESS] if ADDRESS else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ADDRESS.startswith("https:")
SECURE_HSTS_SECONDS = 31_536_000 if ADDRESS.startswith("https:") else 0
SECURE_REFERRER_POLICY = "same-origin"
DEBUG = False

# Who says who somebody is, beside Klankbord itself; None when the environment names nobody.
OIDC: Provider | None = configured(os.environ)
SOCIALACCOUNT_PROVIDERS = for_allauth(OIDC)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.forms",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "procrastinate.contrib.django",
    "klankbord.base",
    "klankbord.tenancy",
    "klankbord.channels",
    "klankbord.posts",
    "klankbord.listening",
    "klankbord.inbox",
    "klankbord.intake",
    "klankbord.public",
    "klankbord.exercises",
]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "klankbord.project.address.SecureOverTls",
    "klankbord.project.security.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "klankbord.tenancy.sessions.LastUsed",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "klankbord.project.security.RequireSecondStep",
    "klankbord.project.preferences.Preferred",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [CHECKOUT / "klankbord/project/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["klankbord.project.looks"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "klankbord.project.navigation.navigation",
                "klankbord.project.preferences.preferred",
            ],
        },
    },
]
FORM_RENDERER = "klankbord.project.forms.Renderer"
ROOT_URLCONF = "klankbord.project.urls"
ASGI_APPLICATION = "klankbord.project.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "tenancy.User"
EMAIL_BACKEND = "klankbord.project.mail.InstallationBackend"


def _database(url: str) -> dict[str, Any]:
    parts: dict[str, Any] = conninfo_to_dict(url)
    size = int(os.environ.get("KLANKBORD_POOL_SIZE", "10"))
    pool = {"pool": {"min_size": 1, "max_size": size, "timeout": 5}} if size else {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts | pool,
        # after a restart of the database nobody gets a dead connection from the pool
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(app_url())}

# Shared by all web processes, so that who may try five times may not try five times at each. An entry is gone when its
# time is over; the number is the point where the database begins to clear away, far above what limits let in.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "base_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Hosts on private addresses that may be reached all the same: servers of the own network, test servers.
OUTSIDE_ALLOWED_HOSTS = [host for host in os.environ.get("KLANKBORD_ALLOWED_HOSTS", "").split(",") if host]
# The listening connections of live events do not come from the pool: they stay open.
LIVE_CONNINFO = app_url()
# The word that whoever collects metrics must show; empty: only this machine may read them.
METRICS_TOKEN = os.environ.get("KLANKBORD_METRICS_TOKEN", "")
# How long an answer may be on its way out before it counts as uncertain; longer than every time-out of a connector.
SENDING_LEASE_SECONDS = int(os.environ.get("KLANKBORD_SENDING_LEASE", "90"))
# How long an answer stays here after a press on Send, so that it can be taken back; 0: not at all.
UNDO_SECONDS = float(os.environ.get("KLANKBORD_UNDO_SECONDS", "6"))

LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", _("Dutch")), ("en", _("English"))]
LOCALE_PATHS = [CHECKOUT / "klankbord/locale"]
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [folder for folder in [CHECKOUT / "klankbord/project/static"] if folder.exists()]
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA / "media"

LOGGING_CONFIG = None
logs.configure(as_json=os.environ.get("KLANKBORD_LOG") == "json")

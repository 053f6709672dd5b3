"""Settings of the log-in, read into the settings module as they stand: ``from klankbord.project.login import *``.

By e-mail address and password with a second step, by passkey alone, or at the identity provider that the environment
names; no open sign-up, and no answer that tells whether an address is known here. Needs in ``INSTALLED_APPS``:
``allauth``, ``allauth.account``, ``allauth.mfa``, ``allauth.socialaccount`` with its provider ``openid_connect``; in
``MIDDLEWARE``, after the authentication middleware: ``allauth.account.middleware.AccountMiddleware`` and
``klankbord.project.security.RequireSecondStep``.
"""

from __future__ import annotations

from typing import Any

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "klankbord.project.accounts.Accounts"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True
# Accounts are made by invitation, so the first address is known to be right; a changed one is confirmed first.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Klankbord: "
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# A whole town hall often shares one address, so per address more is allowed than per account.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/300s/key",
    "reset_password": "20/m/ip,3/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
    "confirm_email": "1/3m/key",
    "setup_code": "10/5m/ip",
}

SOCIALACCOUNT_ADAPTER = "klankbord.project.signing_in.SigningIn"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"

MFA_ADAPTER = "klankbord.project.accounts.SecondStep"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A passkey that asked for a finger, a face or a PIN is both steps at once.
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "klankbord.project.passkeys.AddKeyForm",
    "edit_webauthn": "klankbord.project.passkeys.RenameKeyForm",
}
MFA_TOTP_ISSUER = "Klankbord"
# a code of half a minute ago is good too: typing takes time, and clocks differ (RFC 6238, section 5.2)
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 10
MFA_ALLOW_UNVERIFIED_EMAIL = True

# One working day; the session also ends with the browser.
ACCOUNT_SESSION_REMEMBER = False
SESSION_ENGINE = "klankbord.tenancy.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        # It compares which letters occur: at Django's 0.7 a sentence of four words looks like many a long name.
        "OPTIONS": {"user_attributes": ("email", "name"), "max_similarity": 0.9},
    },
    {"NAME": "klankbord.project.accounts.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]

# The dotted path of a function ``(user) -> bool``: must this person log in with a second step?
MFA_REQUIRED = "klankbord.project.security.mfa_required"

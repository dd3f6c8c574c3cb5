"""The settings, one file, read from the environment. Every variable is described in docs/operations.md."""

import hashlib
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from partyschool import embedded
from partyschool.files import file_storage

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("DEBUG", default=not env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str(
    "SECRET_KEY", default="only-for-a-first-look-" + hashlib.sha256(str(BASE_DIR).encode()).hexdigest()
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Keys of encrypted columns: hex, 32 bytes each, newest first. A first look derives them from SECRET_KEY.
FIELD_KEYS = [bytes.fromhex(key) for key in env.list("FIELD_KEYS", default=[])] or [
    hashlib.sha256(b"field" + SECRET_KEY.encode()).digest()
]
LOOKUP_KEY = (
    bytes.fromhex(env.str("LOOKUP_KEY", default=""))
    or hashlib.sha256(b"lookup" + SECRET_KEY.encode()).digest()
)
AUDIT_KEY = (
    bytes.fromhex(env.str("AUDIT_KEY", default="")) or hashlib.sha256(b"audit" + SECRET_KEY.encode()).digest()
)

# Keys that nobody set: a deployment check refuses them, since with them a new SECRET_KEY would lose what they opened.
DERIVED_KEYS = [name for name in ("FIELD_KEYS", "LOOKUP_KEY", "AUDIT_KEY") if not env.str(name, default="")]

SCHOOL_NAME = env.str("SCHOOL_NAME", default="中共两江市委党校")
# The body's abbreviation in document numbers: 两江委校〔2025〕12号.
DOCUMENT_CODE = env.str("DOCUMENT_CODE", default="两江委校")
# 签发人 of a document that goes upward (a report); left out where empty.
DOCUMENT_SIGNER = env.str("DOCUMENT_SIGNER", default="")
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
# What the forum's series are called, code=name; the first is the school's own forum and has the page /forum/.
FORUM_SERIES = env.dict("FORUM_SERIES", default={"liangjiang-forum": "两江讲坛"})

INSTALLED_APPS = [
    "partyschool.home",
    "unfold.apps.BasicAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "partyschool.common.apps.PortalAdminConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "treebeard",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
    "partyschool.common",
    "partyschool.accounts",
    "partyschool.audit",
    "partyschool.jobs",
    "partyschool.notices",
    "faculty",
    "courses",
    "trainees",
    "budget",
    "partyschool.standards",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "partyschool.common.middleware.PersonalPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "partyschool.common.middleware.AdminContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "partyschool.common.middleware.ReadableAddressMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "partyschool.accounts.middleware.StartPasswordMiddleware",
    "partyschool.accounts.middleware.PolicyMiddleware",
    "partyschool.common.middleware.ExpectedErrorMiddleware",
]

ROOT_URLCONF = "partyschool.urls"
WSGI_APPLICATION = "partyschool.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "partyschool.home.context.portal",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **embedded.database_settings(),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": False,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"options": "-c lock_timeout=3s -c idle_in_transaction_session_timeout=60s"},
        "TEST": {"NAME": env.str("TEST_DATABASE_NAME", default="test_partyschool")},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = embedded.redis_url()

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["partyschool.accounts.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("accounts:login")
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=10) * 3600

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [
    ("zh-hans", _("Simplified Chinese")),
    ("zh-hant", _("Traditional Chinese")),
    ("en", _("English")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *([BASE_DIR / "build/assets"] if (BASE_DIR / "build/assets").is_dir() else []),
]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "build/static")))
STORAGES = {
    "default": file_storage(
        env.str("FILES_URL", default=""),
        access_key=env.str("FILES_ACCESS_KEY", default=""),
        secret_key=env.str("FILES_SECRET_KEY", default=""),
    ),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = Path(env.str("FILES_ROOT", default=str(BASE_DIR / "var/files")))
EVIDENCE_FILE_MOST = env.int("EVIDENCE_FILE_MOST", default=10 * 1024 * 1024)
EVIDENCE_FILES_MOST = env.int("EVIDENCE_FILES_MOST", default=6)
FONT_DIR = BASE_DIR / "build/fonts"
EXTRA_FONT_DIR = env.str("EXTRA_FONT_DIR", default="")
# Folders of fonts of all Han characters (Debian's fonts-hanazono), for names that no other font can print.
RARE_FONT_DIRS = env.list("RARE_FONT_DIRS", default=["/usr/share/fonts/truetype/hanazono"])

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

CELERY_BROKER_URL = embedded.broker_url()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Redelivery by the broker is only a second net: the sweeper over jobs.Job leases is the first.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    # Expired messages are dropped, so that they do not pile up while no worker runs.
    "sweep-jobs": {"task": "jobs.sweep", "schedule": 20.0, "options": {"expires": 20}},
    "sweep-lines": {"task": "waiting.sweep", "schedule": 60.0, "options": {"expires": 60}},
    "tend-draws": {"task": "draws.tend", "schedule": 30.0, "options": {"expires": 30}},
    "tend-leaves": {"task": "leaves.tend", "schedule": 600.0, "options": {"expires": 600}},
    "tend-assignments": {"task": "assignments.tend", "schedule": 600.0, "options": {"expires": 600}},
    "tend-make-up": {"task": "make_up.tend", "schedule": 3600.0, "options": {"expires": 3600}},
    "tend-deliveries": {"task": "deliveries.tend", "schedule": 600.0, "options": {"expires": 600}},
    "run-schedules": {"task": "schedules.run", "schedule": 60.0, "options": {"expires": 60}},
    "send-mails": {"task": "mails.send", "schedule": 30.0, "options": {"expires": 30}},
    "seal-audit": {"task": "audit.seal", "schedule": 60.0, "options": {"expires": 60}},
    "remove-orphans": {"task": "jobs.remove_orphans", "schedule": crontab(minute=37)},
    "remove-orphaned-evidence": {"task": "evidence.remove_orphans", "schedule": crontab(minute=47)},
    "clear-imports": {"task": "imports.clear", "schedule": crontab(hour=3, minute=45)},
    "clear-sessions": {"task": "accounts.clear_sessions", "schedule": crontab(hour=3, minute=15)},
}
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=45)

# Mails are switched on by EMAIL_URL (smtp+tls://user:password@host:587); without it none is even written to the outbox.
MAIL_ON = bool(env.str("EMAIL_URL", default=""))
if MAIL_ON:
    globals().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="noreply@localhost")

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "partyschool.home.views.errors.csrf_failure"
if env.bool("HTTPS", default=not DEBUG):
    SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes ask without TLS
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    # Whoever knows the address of a calendar feed can read it, and whoever knows a check-in code can use it: the log must not know.
    "filters": {
        "no_secrets": {
            "()": "partyschool.common.log_secrets.HideSecretAddresses",
            "prefixes": ["/calendar/", "/checkin/"],
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_secrets"]}
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Named so that Django's own handlers go: the root prints its lines already.
    # Refusals (4xx) are answers, not faults; who was refused what is in the portal's own records and the access log.
    "loggers": {"django": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}

UNFOLD = {
    "SITE_TITLE": _("Party School Portal"),
    "SITE_HEADER": SCHOOL_NAME,
    "SITE_SYMBOL": "account_balance",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}
    ],
    "SITE_URL": reverse_lazy("home:index"),
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "STYLES": [lambda request: static("css/admin.css"), lambda request: static("css/admin_work.css")],
    "DASHBOARD_CALLBACK": "partyschool.home.admin_menu.start_page",
    "SIDEBAR": {"navigation": "partyschool.home.admin_menu.navigation"},
    "ACCOUNT": {
        "navigation": [{"title": _("Change password"), "link": reverse_lazy("accounts:password_change")}]
    },
    "COLORS": {
        "primary": {
            "50": "#fdf3f2",
            "100": "#fbe4e2",
            "200": "#f6cbc8",
            "300": "#eca49f",
            "400": "#dc6f68",
            "500": "#c84840",
            "600": "#b3261e",
            "700": "#971d17",
            "800": "#7d1a16",
            "900": "#681a17",
            "950": "#390a08",
        },
    },
}

"""Settings of the registry: one file, steered by environment variables (docs/operations.md lists them)."""

from datetime import timedelta
from pathlib import Path

from liangcheng.env import database, env_bool, env_int, env_list, env_secret, env_str

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR") or BASE_DIR / "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)
FIXTURES_DIR = BASE_DIR / "fixtures"

DEBUG = env_bool("DEBUG", False)
# The development key is refused outside DEBUG and tests by liangcheng.checks.
SECRET_KEY = env_secret("SECRET_KEY", "insecure-development-key-of-the-grid-case-registry")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ("127.0.0.1", "localhost"))
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "liangcheng.common",
    "liangcheng.accounts",
    "grids",
    "members",
    "cases",
    "liangcheng.common.apps.RegistryAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "mptt",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "import_export",
    "simple_history",
    "axes",
    "django_htmx",
    "lucide",
]

MIDDLEWARE = [
    "liangcheng.common.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "liangcheng.common.csp.ContentSecurityPolicyMiddleware",
    "liangcheng.common.body_limit.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "liangcheng.accounts.middleware.AccountStateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "liangcheng.common.wrong_method.WrongMethodMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "liangcheng.urls"
WSGI_APPLICATION = "liangcheng.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "liangcheng.common.context.site",
            ],
            "builtins": ["lucide.templatetags.lucide", "django.templatetags.static"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": database(env_str("DATABASE_URL"), VAR_DIR / "db.sqlite3")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: the concurrency tests need several connections to one database.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "liangcheng.accounts.passwords.LengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "liangcheng.accounts.passwords.ClassesValidator", "OPTIONS": {"min_classes": 3}},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "cases:workbench"
LOGOUT_REDIRECT_URL = "accounts:login"

# An office sits behind one address: lock the pair of name and address, never the address alone.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "liangcheng.accounts.lockout.locked_out"
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]

SESSION_COOKIE_AGE = env_int("SESSION_HOURS", 12) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "liangcheng.common.errors.csrf_failure"
# Behind the office's TLS proxy set HTTPS=1; the demo on 127.0.0.1 speaks plain HTTP.
HTTPS = env_bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["liangcheng.common.formats"]
LOCALE_PATHS = [BASE_DIR / "liangcheng" / "locale"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = Path(env_str("MEDIA_ROOT") or VAR_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": env_str("STATICFILES_STORAGE", "liangcheng.common.storage.ManifestStorage")},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "liangcheng.accounts.authentication.ServiceTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "liangcheng.common.api.problem_handler",
    "DATETIME_INPUT_FORMATS": ["iso-8601"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=180),
    "TOKEN_LIMIT_PER_USER": None,
    "AUTO_REFRESH": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "凉城新村街道网格案件登记系统 接口",
    "DESCRIPTION": "供 12345 热线、一网统管、社区运维中心等系统接入。错误一律为 RFC 9457 problem JSON。",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "liangcheng.common.api_schema.document_problems",
    ],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    # Several fields are called kind, reason or level; each closed list has one name in the schema.
    "ENUM_NAME_OVERRIDES": {
        "GridKind": "grids.choices.GridKind",
        "DepartmentKind": "grids.choices.DepartmentKind",
        "UnitKind": "members.choices.UnitKind",
        "OrganizationKind": "members.choices.OrganizationKind",
        "TeamKind": "members.choices.TeamKind",
        "VenueKind": "members.choices.VenueKind",
        "PhotoKind": "cases.choices.PhotoKind",
        "RejectReason": "cases.choices.RejectReason",
        "ReturnReason": "cases.choices.ReturnReason",
        "Act": "cases.choices.Act",
        "Status": "cases.choices.Status",
        "Light": "cases.choices.Light",
        "ContactLight": "cases.choices.ContactLight",
        "InstructionKind": "cases.choices.InstructionKind",
        "InviteeKind": "cases.choices.InviteeKind",
        "LinkKind": "cases.choices.LinkKind",
        "HelperRole": "cases.choices.HelperRole",
        "Satisfaction": "cases.choices.Satisfaction",
        "Nature": "cases.choices.Nature",
        "Source": "cases.choices.Source",
        "Urgency": "cases.choices.Urgency",
    },
}

# The office's working time on a working day; deadlines in 工作时 run only inside it, 工作日 end with it.
# Assumed until the street confirms: morning and afternoon as most street offices in Shanghai.
WORKING_HOURS = env_str("WORKING_HOURS", "09:00-11:30,13:00-17:30")
# A closed case can be taken up again for this many days.
REOPEN_DAYS = env_int("REOPEN_DAYS", 30)
# 延期: how often a case may be extended, and by how many working days at most each time.
EXTENSIONS_MOST = env_int("EXTENSIONS_MOST", 1)
EXTENSION_DAYS_MOST = env_int("EXTENSION_DAYS_MOST", 15)
# The address people open this system at, for links in e-mails and webhooks: https://grid.example.cn
SITE_URL = env_str("SITE_URL")
# Webhooks go to the outside only; host names, addresses and networks of our own that may be sent to stand here.
WEBHOOK_ALLOWED_HOSTS = env_list("WEBHOOK_ALLOWED_HOSTS")
# Seconds for one webhook, from resolving the name to the end of the answer; checked against the outbox's lease.
WEBHOOK_TIMEOUT = env_int("WEBHOOK_TIMEOUT", 10)
EMAIL_HOST = env_str("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env_bool("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "liangcheng@localhost")
# 双报到: personal data of registrations that were refused or withdrawn goes after this many days.
REGISTRATION_KEEP_DAYS = env_int("REGISTRATION_KEEP_DAYS", 90)
# Forms an hour through one link, and from one address: a unit that registers together sits behind one address.
REGISTRATIONS_PER_LINK = env_int("REGISTRATIONS_PER_LINK", 200)
REGISTRATIONS_PER_ADDRESS = env_int("REGISTRATIONS_PER_ADDRESS", 60)
# How many proxies of ours stand before the server and add to X-Forwarded-For; 0: the header is not believed.
PROXY_COUNT = env_int("PROXY_COUNT", 0)
# Photos: larger ones are refused before they are opened; what is stored is re-encoded at this edge length.
PHOTO_MAX_BYTES = 10 * 1024 * 1024
PHOTO_MAX_PIXELS = 50_000_000
PHOTO_MAX_EDGE = 1920
PHOTOS_PER_CASE = 30
# A page's whole request: some photos at once, and the words.
REQUEST_MAX_BYTES = 10 * PHOTO_MAX_BYTES
# Pages that anybody may send to without signing in, by the beginning of their address: some lines of text.
OPEN_REQUEST_MAX_BYTES = {"/r/": 32 * 1024}

# Personal data (docs/operations.md). Identity numbers of party members: off unless the street has decided otherwise.
IDENTITY_NUMBERS = env_bool("IDENTITY_NUMBERS", False)
# 32 random bytes in base64; earlier ones, comma-separated, only until rotate_identity_keys has run.
IDENTITY_KEY = env_secret("IDENTITY_KEY")
IDENTITY_KEYS_OLD = [key.strip() for key in env_secret("IDENTITY_KEYS_OLD").split(",") if key.strip()]
# 个人信息使用记录 are kept this many days, at least 180 (网络安全法).
ACCESS_LOG_DAYS = env_int("ACCESS_LOG_DAYS", 1095)
# Reporters' names and numbers go this many years after a case has ended; 0: never by itself.
REPORTER_KEEP_YEARS = env_int("REPORTER_KEEP_YEARS", 0)
# An account that never had a posting is switched off after this many days.
ACCOUNT_GRACE_DAYS = env_int("ACCOUNT_GRACE_DAYS", 30)

# Covering indexes carry more columns on PostgreSQL only; SQLite has the same indexes without them.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "liangcheng.common.request_id.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}

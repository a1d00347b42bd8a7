"""Settings, read from the environment; the defaults serve a developer's machine."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from scaling.configuration import BadConfiguration, Configuration, region
from tiketi import environment, local_redis, log_settings, production, redis_settings, telemetry
from waitingroom import push_services
from waitingroom.redis_address import Topology, parsed

django_stubs_ext.monkeypatch()  # Django's own classes take type parameters, as `ModelAdmin[Event]`

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.Environment(os.environ)
sys.excepthook = environment.end_plainly  # of web processes and workers; manage.py catches for itself

# What a local run keeps: database, Redis data, logs.
LOCAL_DIR = Path(env.read("TIKETI_LOCAL_DIR", str, "") or BASE_DIR / ".local")

# As long as nobody knows which it is, nothing of a developer's machine is on.
DEBUG = env.flag("DEBUG", default=True, unclear=False)
HTTPS = env.flag("HTTPS", default=not DEBUG, unclear=not DEBUG)
ALLOWED_HOSTS = env.read("ALLOWED_HOSTS", environment.names, ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
SECRET_KEY = env.read("SECRET_KEY", str, production.DEVELOPERS_KEY if DEBUG else "")
SECRET_KEY_FALLBACKS = env.read("SECRET_KEY_FALLBACKS", environment.names, list[str]())
# Where `web` listens: the Procfile reads them.
LISTEN_ADDRESS = env.read("LISTEN_ADDRESS", environment.address, "127.0.0.1")
PORT = env.read("PORT", environment.port, 8000)

INSTALLED_APPS = [
    "daphne",  # before staticfiles: runserver then speaks WebSocket
    "tiketi.staff_site_config.StaffSiteConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # the widgets' templates, beside the site's own
    "channels",
    "csp",
    "axes",
    "simple_history",
    "tiketi",
    "waitingroom",
    "scaling",
    "events",  # before allauth, whose pages it frames
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
]
# Signing in by Kakao or Naver is offered where the environment brings the site's keys for it.
OAUTH_HOSTS = {"kakao": "https://kauth.kakao.com", "naver": "https://nid.naver.com"}
_keys = {
    name: [env.read(f"{name.upper()}_{what}", environment.word, "") for what in ("CLIENT_ID", "SECRET")]
    for name in OAUTH_HOSTS
}
SOCIALACCOUNT_PROVIDERS = {
    name: {"APPS": [{"client_id": client_id, "secret": secret}]}
    for name, (client_id, secret) in _keys.items()
    if client_id
}
INSTALLED_APPS += [f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS]

# Sees /readyz and /metrics whole from afar, as `Authorization: Bearer ...`; without it only this machine itself does.
OPERATOR_TOKEN = env.read("OPERATOR_TOKEN", environment.token, "")

MIDDLEWARE = [
    "tiketi.health.health_middleware",  # first: machines ask by any host, over plain HTTP
    "tiketi.log_context.request_log_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "events.views.private_pages.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tiketi.language.LanguageMiddleware",
    "tiketi.dead_ends.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "events.admin.field_limit.FieldLimitMiddleware",
    "events.accounts.known_browsers.KnownBrowserMiddleware",
    "events.accounts.second_factor.SecondFactorMiddleware",
    "waitingroom.middleware.WaitingRoomMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "tiketi.dead_ends.DeadEndMiddleware",
    "tiketi.database_away.DatabaseAwayMiddleware",
]

ROOT_URLCONF = "tiketi.urls"
ASGI_APPLICATION = "tiketi.asgi.application"
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
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database: SQLite out of the box, PostgreSQL by DATABASE_URL.
SQLITE: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(LOCAL_DIR / "tiketi.sqlite3")}
DATABASES = {"default": env.read("DATABASE_URL", environment.database, SQLITE)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Without IMMEDIATE and WAL, 493 of 1,600 concurrent writing transactions end in "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "tiketi.postgresql"
    # A database that hangs must fail within a visitor's patience. What DATABASE_URL says itself (?seconds=60) counts.
    DATABASES["default"]["OPTIONS"] = {
        "seconds": 5,
        "connect_timeout": 3,
        "tcp_user_timeout": 5000,  # ms; for packets that nobody takes
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        **DATABASES["default"].get("OPTIONS", {}),
    }
# Pages run in a few threads that stay (tiketi/threads.py): each keeps its connection.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: the line's truth, Django's cache, Celery's broker, and the hints between processes.
REDIS_URL = env.read("REDIS_URL", environment.redis, "") or local_redis.recorded_url(LOCAL_DIR / "redis")
# All but the line's truth: neither Celery nor Channels speaks Cluster, and a cache of one node is no cache of all.
BROKER_URL = env.read("BROKER_URL", environment.broker, "") or REDIS_URL
_broker = parsed(BROKER_URL)
if _broker.topology is Topology.CLUSTER:
    env.add([f"BROKER_URL {environment.BROKER_FORM}"])
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": [BROKER_URL],  # a text would be split at its commas
        "OPTIONS": {"CONNECTION_FACTORY": "tiketi.cache_connections.CacheConnections", "IGNORE_EXCEPTIONS": True},
        "KEY_PREFIX": "cache",
    },
    # What many visitors see alike for a second or two, kept by each process for itself.
    "moments": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1000}},
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [redis_settings.channel_layer(_broker)], "prefix": "tiketi"},
    }
}

# --- Celery.
vars().update({f"CELERY_{name}": value for name, value in redis_settings.celery(_broker).items()})
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "Asia/Seoul"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A queue and a worker each (Procfile), so that none waits for what another waits for: a mail server, a bank, AWS.
CELERY_TASK_DEFAULT_QUEUE = "work"  # the sale's own: the database alone
CELERY_TASK_ROUTES = {
    "waitingroom.tasks.tick": {"queue": "clock"},
    "waitingroom.tasks.draw": {"queue": "draw"},
    "waitingroom.tasks.push": {"queue": "push"},
    "scaling.tasks.*": {"queue": "fleet"},
    "events.tasks.settle": {"queue": "money"},
    "events.tasks.wind_up": {"queue": "money"},
    "events.tasks.ask_providers": {"queue": "money"},
    "events.tasks.take_up_payments": {"queue": "money"},
    "events.payments.sandbox.tasks.*": {"queue": "money"},
    "tiketi.tasks.*": {"queue": "mail"},
}
# Beyond every time limit of a task's own calls. First it is asked to end, then its process is ended.
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 45, 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- What a request may bring, in bytes; request_limits.py has the rest.
MAX_BODY_BYTES = env.read("MAX_BODY_BYTES", environment.size, 131_072)
MAX_UPLOAD_BYTES = env.read("MAX_UPLOAD_BYTES", environment.size, 4_194_304)  # of staff, in the admin

# --- The waiting room.
WAITINGROOM_PROTECTED = [
    r"^/events/(?P<room>[-\w]+)/",
    r"^/api/events/(?P<room>[-\w]+)/",
]
# What pages ask for by themselves as long as they are open: that renews no place, and joins nobody.
WAITINGROOM_WATCHED = [r"^/events/[-\w]+/seats/state/$"]
# What everybody may read while nobody can line up: it costs a place no more than a leaflet.
WAITINGROOM_SHOWN = [r"^/events/[-\w]+/$"]
WAITINGROOM_PAGE_CONTEXT = "events.room.page_context.page_context"
WAITINGROOM_ROOM_RULE = "events.room.rule.fits_its_event"
WAITINGROOM_TICKETS_LEFT = "events.sale.availability.left_by_price"

# Whoever may say in X-Forwarded-For where a request comes from.
WAITINGROOM_TRUSTED_PROXIES = env.read("TRUSTED_PROXIES", environment.networks, list[str]())
# New names a second; half a minute's worth may come at once, since a telephone network's crowd shares its addresses.
WAITINGROOM_NEW_NAMES_PER_NETWORK = env.read("NEW_NAMES_PER_NETWORK", environment.number, 100)
WAITINGROOM_NEW_NAMES_PER_PROCESS = env.read("NEW_NAMES_PER_PROCESS", environment.number, 5000)

# --- The fleet: SCALING_FLEET, SCALING_POLICY, ... as scaling/configuration.py names them.
try:
    SCALING = Configuration.read(os.environ)
    if SCALING.fleet == "aws":
        region(os.environ)
except BadConfiguration as error:
    env.add(error.faults)
    SCALING = Configuration()
SCALING_ENVIRONMENT = SCALING.environment
PREFLIGHT_CHECKS = "tiketi.preflight.CHECKS"  # the site's own, beside the fleet's
WAITINGROOM_MINIMUM_INSTANCES = SCALING.minimum

# --- Money and mail.
# Name to class; the first takes new payments. The practice provider is there for developers, or by its name.
PAYMENT_PROVIDERS = env.read("PAYMENT_PROVIDERS", environment.providers, environment.PRACTICE if DEBUG else {})
# Of Toss's two pairs of keys, those for the payment window.
TOSS_CLIENT_KEY = env.read("TOSS_CLIENT_KEY", environment.key("live_ck_", "test_ck_"), "")
TOSS_SECRET_KEY = env.read("TOSS_SECRET_KEY", environment.key("live_sk_", "test_sk_"), "")
TOSS_API_URL = env.read("TOSS_API_URL", environment.provider_address, "https://api.tosspayments.com")
TOSS_SDK_URL = env.read("TOSS_SDK_URL", environment.provider_address, "https://js.tosspayments.com/v2/standard")
STRIPE_SECRET_KEY = env.read("STRIPE_SECRET_KEY", environment.key("sk_live_", "rk_live_", "sk_test_", "rk_test_"), "")
STRIPE_WEBHOOK_SECRET = env.read("STRIPE_WEBHOOK_SECRET", environment.key("whsec_"), "")
STRIPE_API_URL = env.read("STRIPE_API_URL", environment.provider_address, "https://api.stripe.com")
env.add(
    f"{key} is missing: PAYMENT_PROVIDERS names {name}."
    for name, path in environment.ADAPTERS.items()
    for key in environment.PROVIDER_KEYS[name]
    if PAYMENT_PROVIDERS.get(name) == path and not globals()[key]
)
if environment.PRACTICE.keys() & PAYMENT_PROVIDERS.keys():
    INSTALLED_APPS.append("events.payments.sandbox")
# So many at the most does one act of the console admit beside the rate.
MAX_ADMITTED_BY_HAND = env.read("MAX_ADMITTED_BY_HAND", environment.number, 100)
# What one member of staff gives back alone, of the same orders; above it a second one confirms.
REFUND_LIMIT_WON = env.read("REFUND_LIMIT_WON", environment.number, 1_000_000)
SITE_ADDRESS = env.read("SITE_ADDRESS", environment.site_address, f"http://localhost:{PORT}" if DEBUG else "")
# Draws are signed in the site's name. A key of their own outlasts a new SECRET_KEY: `openssl rand -base64 32`.
WAITINGROOM_DRAW_ORIGIN = urlsplit(SITE_ADDRESS).netloc
WAITINGROOM_DRAW_KEY = env.read("DRAW_KEY", environment.signing_key, "")
WAITINGROOM_DRAND_RELAYS = env.read(
    "DRAND_RELAYS", environment.provider_addresses, ["https://api.drand.sh", "https://drand.cloudflare.com"]
)
# Web Push to who waits and asked for it: by a key of the site's own, in the name of somebody its services can reach.
WAITINGROOM_PUSH_KEY = env.read("PUSH_KEY", environment.push_key, "")
WAITINGROOM_PUSH_CONTACT = env.read("PUSH_CONTACT", environment.push_contact, "")
WAITINGROOM_PUSH_SERVICES = env.read("PUSH_SERVICES", environment.push_services_named, push_services.BROWSERS)
if bool(WAITINGROOM_PUSH_KEY) is not bool(WAITINGROOM_PUSH_CONTACT):
    missing, given = ("PUSH_CONTACT", "PUSH_KEY") if WAITINGROOM_PUSH_KEY else ("PUSH_KEY", "PUSH_CONTACT")
    env.add([f"{missing} is missing: {given} is set."])
vars().update(env.read("EMAIL_URL", environment.mail, environment.mail("consolemail://")))
# Requests write into the outbox; a worker sends from there by what EMAIL_URL names.
OUTBOX_BACKEND, EMAIL_BACKEND = vars()["EMAIL_BACKEND"], "tiketi.outbox.Outbox"
EMAIL_TIMEOUT = 10  # seconds for each word of the mail server's
# Called with the address of an account that is deleted.
MAILS_FORGET = ["tiketi.outbox.forget", "waitingroom.draw_records.forget"]
DEFAULT_FROM_EMAIL = env.read(
    "DEFAULT_FROM_EMAIL", environment.sender, f"TIKETI <tickets@{urlsplit(SITE_ADDRESS).hostname or ''}>"
)

# Who sells, as the law wants it shown (전자상거래법 10조): in every page's footer.
SELLER = {
    "name": env.read("SELLER_NAME", environment.line, ""),
    "representative": env.read("SELLER_REPRESENTATIVE", environment.line, ""),
    "registration": env.read("SELLER_REGISTRATION", environment.registration, ""),
    "mail_order": env.read("SELLER_MAIL_ORDER", environment.line, ""),
    "address": env.read("SELLER_ADDRESS", environment.line, ""),
    "phone": env.read("SELLER_PHONE", environment.line, ""),
    "email": env.read("SELLER_EMAIL", environment.sender, ""),
    "hosting": env.read("SELLER_HOSTING", environment.line, ""),
}

# --- Accounts and safety.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "events.accounts.sign_in.SignInBackend",  # everybody by email, staff by name as well
]
SESSION_ENGINE = "events.accounts.sessions"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "events.accounts.sign_in.AccountAdapter"
REMIND_HOURS = env.read("REMIND_HOURS", environment.number, 24)
ACCOUNT_FORMS = {"login": "events.accounts.sign_in.SignInForm", "signup": "events.accounts.sign_up.SignUpForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = env.read(
    "ACCOUNT_EMAIL_VERIFICATION", environment.one_of("optional", "mandatory", "none"), "optional"
)
# axes counts failures, events/accounts/sign_in_limits.py new accounts. By email alone anybody would lock anybody out.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "signup": None,
    "login_failed": None,
    "reauthenticate": None,
    "reset_password": "5/m/key",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[TIKETI] "
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a new password, address or second factor
# Staff show a second factor, unless this is loosened by name.
STAFF_SECOND_FACTOR = env.read(
    "STAFF_SECOND_FACTOR", environment.one_of("required", "optional"), "optional" if DEBUG else "required"
)
MFA_ADAPTER = "events.accounts.second_factor.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "events.accounts.factor_forms.SignInCodeForm",
    "reauthenticate": "events.accounts.factor_forms.SessionCodeForm",
    "authenticate_webauthn": "events.accounts.factor_forms.SignInPasskeyForm",
    "login_webauthn": "events.accounts.factor_forms.PasskeyAloneForm",
    "reauthenticate_webauthn": "events.accounts.factor_forms.SessionPasskeyForm",
    "add_webauthn": "events.accounts.factor_forms.NewPasskeyForm",
}
MFA_RATE_LIMITS = {"webauthn_login": None}  # nothing to guess, and a telephone network's crowd shares its addresses
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # telephones' clocks differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "credential"]  # none is written down
AXES_VERBOSE = False  # no greeting from every process
AXES_HANDLER = "events.accounts.sign_in_limits.SignInHandler"
AXES_FAILURE_LIMIT = 10
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or whoever goes on trying keeps the owner out for ever
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "events.accounts.sign_in.name_tried"
AXES_LOCKOUT_TEMPLATE = "events/locked_out.html"
AXES_CLIENT_IP_CALLABLE = "events.accounts.sign_in.came_from"
PASSWORD_HASHERS = [
    "tiketi.passwords.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# For staff's forms of a plan's sections; every other page keeps to 1,000 (events/admin/field_limit.py).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        # Chromium holds the redirect after a form to this as well.
        "form-action": [SELF, *(OAUTH_HOSTS[name] for name in SOCIALACCOUNT_PROVIDERS)],
    }
}
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/scaling/desired$"]  # asked within the cluster, where nothing ends TLS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL_REDIRECT
# Browsers' lists hold the whole domain to it, other sites' hosts included, for as long as they are in use.
SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT and env.flag("HSTS_PRELOAD", default=False, unclear=False)
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # that it is off
if SECURE_SSL_REDIRECT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # set by the load balancer

# --- Language and time.
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
WAITINGROOM_OTHER_LANGUAGE = "en"  # of who reads neither: fans come from everywhere
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["tiketi.formats"]
TIME_ZONE = "Asia/Seoul"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- What is told to those who run the site: a log always, errors and traces where the environment says to whom.
_of_this_site = {"site": SCALING.environment, "version": telemetry.version(BASE_DIR)}
ERROR_REPORTS = telemetry.error_reports(env, **_of_this_site)
TRACES = telemetry.traces(env, **_of_this_site)
if ERROR_REPORTS.traces_sample_rate:
    MIDDLEWARE.insert(2, "tiketi.errors_told.transaction_middleware")
LOGGING = log_settings.logging_for(
    env.read("LOG_FORMAT", environment.one_of(*log_settings.FORMS), "lines" if DEBUG else "json"),
    env.read("LOG_LEVEL", environment.one_of(*environment.LEVELS), "INFO"),
    ERROR_REPORTS,
)

# --- Everything that is wrong, at once.
if not DEBUG:
    env.add(production.faults(sys.modules[__name__]))
if env.faults:
    raise environment.Misconfigured(env.faults)

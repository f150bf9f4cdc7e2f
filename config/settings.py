"""Django's settings, once for every process. What the environment may change stands in env.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from config import env as environment
from config import gateways, theme

ENV = environment.load()
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = ENV.secret_key.get_secret_value()
FIELD_KEYS = [key.get_secret_value() for key in ENV.field_keys]
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
SECURE_PROXY_SSL_HEADER = ENV.proxy_ssl_header  # behind a proxy with TLS: `next` of a list is https then

INSTALLED_APPS = [
    "unfold",  # before the admin: its templates win
    "django.contrib.admin.apps.SimpleAdminConfig",  # its pages are found by urls.py: no worker loads them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_celery_results",
    "engine.core.apps.CoreConfig",
    "engine.ledger.apps.LedgerConfig",
    "engine.providers.apps.ProvidersConfig",
    "engine.outbox.apps.OutboxConfig",
    "engine.audit.apps.AuditConfig",
    "engine.rest.apps.RestConfig",
    "payments.apps.PaymentsConfig",
    "payments.callbacks.apps.CallbacksConfig",
    "billing.apps.BillingConfig",
    "ops.apps.OpsConfig",
]
MIDDLEWARE = [
    "engine.rest.middleware.RequestId",
    "engine.rest.middleware.NoCardNumbers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# What has threads pools: web here, an io worker when it begins (config/celery.py). Others need one connection.
_POOLED = ENV.web_connections if os.environ.get("CLEARBEAT_PROCESS") == "web" else 0
DATABASES = {"default": ENV.database(unhurried=sys.argv[1:2] == ["migrate"], pooled=_POOLED)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# The inversions of the house (FINDERS below is the third and last): which adapter a name means, and whom a settled or
# refused payment is told (one batch per source kind, in apply's own transaction).
PROVIDERS = {
    "solana_delegate": "engine.providers.solana.provider.SolanaDelegate",
    **gateways.adapters(ENV),
    **ENV.sandbox_providers,
}
SOURCES = {
    "invoice": "billing.collect.payments_changed",
    "refund": "payments.refunded.payments_changed",
    "payment_method": "payments.setup_charge.payments_changed",
}

UNFOLD = theme.unfold(flower_url=ENV.flower_url)

# What a person types into a search box of the admin names these (ids, wallets, e-mails, numbers).
FINDERS = {"invoice": "billing.find.invoices", "customer": "billing.find.customers"}

TIMETABLE = "config.schedule.timetable"

# --- REST (engine/rest) -----------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "engine.rest.schema.Schema",
    "EXCEPTION_HANDLER": "engine.rest.errors.handle",
    "DEFAULT_AUTHENTICATION_CLASSES": ["engine.rest.access.ByKey"],
    "DEFAULT_PERMISSION_CLASSES": ["engine.rest.access.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["engine.rest.reading.JsonParser"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clearbeat",
    "DESCRIPTION": "Moves money on a schedule and never gets it wrong.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "engine.rest.document.shared",
        "ops.api.health.documented",
        "payments.callbacks.api.door.documented",
    ],
    "ENUM_NAME_OVERRIDES": {
        "SubscriptionState": "billing.api.shapes.SUBSCRIPTION_STATES",
        "PaymentState": "payments.api.shapes.PAYMENT_STATES",
        "AttemptState": "payments.api.shapes.ATTEMPT_STATES",
        "PaymentMethodState": "payments.api.shapes.METHOD_STATES",
        "CallbackState": "payments.callbacks.api.shapes.CALLBACK_STATES",
        "JobKind": "ops.api.shapes.JOB_KINDS",
        "SetupKind": "payments.api.shapes.SETUP_KINDS",
    },
}

# --- Celery (docs/design.md section 5) ------------------------------------------------
CELERY_BROKER_URL = ENV.redis_url
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXPIRES = None  # trimmed by our own task in batches
CELERY_RESULT_EXTENDED = True
CELERY_TASK_TRACK_STARTED = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # the tick wakes again; rows count how often they were taken
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a cancelled call is an unknown charge
# Only the retry of a wake-up waits in a worker: lost with it, the next tick comes (docs/decisions/0001).
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_ETA_TASK_LIMIT = 1000  # that many of them at most, however long the database is away
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = ENV.soft_shutdown_seconds
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_DB_REUSE_MAX = 1000  # safe because no signal-based time limit runs around our SQL (hard limit only)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    "health_check_interval": 25,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 900}
CELERY_VISIBILITY_TIMEOUT = 900
DJANGO_CELERY_BEAT_TZ_AWARE = True

LOGGING_CONFIG = "config.log.configure_django"  # JSON lines on stdout, one correlation id through all
LOGGING = {"configured": "by config/log.py"}

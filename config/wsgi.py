"""The web process's entry: `gunicorn config.wsgi:application`."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("CLEARBEAT_PROCESS", "web")
application = get_wsgi_application()


def _right_network() -> None:
    """Web builds approvals and activates them by what a node says, so it heeds row 0.40 as workers do.

    gunicorn ends on an exception; after a SystemExit it would try again for ever.
    """
    from engine.providers import registry

    if wrong := registry.wrong_networks():
        raise ImproperlyConfigured("\n".join(wrong))


_right_network()

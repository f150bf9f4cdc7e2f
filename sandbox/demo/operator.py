"""The operator's login, made anew for each run."""

import os

from django.contrib.auth.models import User


def make() -> None:
    """Set the run's operator: name and password from the environment. Writes."""
    name = os.environ["OPERATOR_USER"]
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True, "is_superuser": True})
    user.set_password(os.environ["OPERATOR_PASSWORD"])
    user.save()

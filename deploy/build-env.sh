#!/bin/sh
# Runs a command of the image's build in an environment that is thrown away: the settings want one, and
# nothing of it may stay in a layer. No server is reached. Usage: deploy/build-env.sh python manage.py ...
set -eu
random() { python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'; }
SECRET_KEY=$(random) FIELD_KEYS=$(random)
export SECRET_KEY FIELD_KEYS
export DATABASE_URL=postgresql://build@build.invalid/build REDIS_URL=redis://build.invalid:6379/0
exec "$@"

"""What Flower starts with, `celery -A config flower --conf=config/flower.py`: nothing of it answers without its login.

Flower leaves /metrics open: the names of tasks and workers, and how often each ran. /healthcheck says OK and no more.
"""

from flower.views.monitor import Metrics
from tornado.web import authenticated

Metrics.get = authenticated(Metrics.get)

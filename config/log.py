"""Logs: one JSON object a line on stdout (and in LOG_FILE), bound to one correlation id (row 0.71)."""

from __future__ import annotations

import logging
import logging.config
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.conf import settings

from engine.core import cards

_SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def _not_of_a_preview(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What the admin's preview did was rolled back: a line of it would tell of what never was."""
    if event.get("preview") is True:
        raise structlog.DropEvent
    return event


def _without_card_numbers(
    logger: object, name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Whatever a line says, and whoever wrote it: a card number in it is hidden (row 4.33)."""
    return {key: cards.masked(value) for key, value in event.items()}


def _text(value: object) -> str:
    """What JSON has no type for."""
    return cards.mask(str(value))


class AccessLog(logging.Filter):
    """gunicorn writes its own lines, past our handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Hide card numbers in the line; it is always written."""
        record.msg, record.args = cards.mask(record.getMessage()), ()
        return True


def configure_django(_config: object) -> None:
    """Django's hook (LOGGING_CONFIG): the settings' dictionary is not used."""
    configure()


def configure() -> None:
    """Set up logging for this process, once."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if settings.ENV.log_file:
        handlers.append(logging.FileHandler(settings.ENV.log_file))
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_card_numbers,
            structlog.processors.JSONRenderer(default=_text),
        ],
        foreign_pre_chain=_SHARED,  # type: ignore[arg-type]
    )
    for handler in handlers:
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = handlers
    root.setLevel(settings.ENV.log_level)
    for library in ("urllib3", "stripe"):  # the edge tells of each call itself
        logging.getLogger(library).setLevel(logging.WARNING)
    for name in ("gunicorn.access", "gunicorn.error"):
        logging.getLogger(name).filters = [AccessLog()]
    structlog.configure(
        processors=[*_SHARED, _not_of_a_preview, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],  # type: ignore[list-item]
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

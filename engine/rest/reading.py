"""Reading a body: JSON and nothing else, bounded, without what a database can't hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser

from engine.core import cards

DEEPEST = 20


class JsonParser(BaseParser):
    """An object in UTF-8. Doubled names, NaN, NUL, half surrogates, deep nesting and card numbers are refused."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise RequestDataTooBig
        if not raw.strip():
            return {}
        try:
            read = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except ValueError as fault:
            raise ParseError(f"The body is no JSON in UTF-8: {fault}"[:300]) from None
        if not isinstance(read, dict):
            raise ParseError("The body must be a JSON object.")
        _check(read, "", 0)
        return read


class FormLikeJsonParser(JsonParser):
    """The same JSON where it says that it is a form, as `curl -d '{…}'` does of itself."""

    media_type = "application/x-www-form-urlencoded"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _check(value: object, path: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ParseError(f"The body is nested deeper than {DEEPEST} levels.")
    if isinstance(value, str):
        check_text(value, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(name, path)
            inside = f"{path}.{name}" if path else name
            if cards.names_a_secret(name):
                raise ValidationError({inside: [cards.SENTENCE]}, code=cards.CODE)
            _check(inner, inside, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check(inner, f"{path}[{number}]", depth + 1)


def check_text(text: str, path: str) -> None:
    """Raise ValidationError for what can't be kept: NUL, half of a surrogate pair, or a card number, by no means."""
    if "\x00" in text:
        raise ValidationError({path: ["must not hold NUL characters"]}, code="text_invalid")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValidationError({path: ["holds half of a surrogate pair"]}, code="text_invalid")
    if cards.holds(text):
        raise ValidationError({path: [cards.SENTENCE]}, code=cards.CODE)

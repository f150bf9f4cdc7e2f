"""The base of every endpoint: who may, what is read, once and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import QueryDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from engine.core.actor import Actor
from engine.core.dry_run import kept_unless
from engine.rest import access, ids, once, version
from engine.rest.errors import Fault, missing
from engine.rest.once import Done
from engine.rest.reading import JsonParser, check_text
from engine.rest.shapes import Shape

SAFE = ("GET", "HEAD", "OPTIONS")


class RestView(APIView):
    """An endpoint of a `resource`. `object_name`: what its URL names, such as subscription."""

    authentication_classes = [access.ByKey]
    permission_classes = [access.HasScope]
    throttle_classes = [access.PerKey]
    parser_classes = [JsonParser]
    renderer_classes = [JSONRenderer]

    resource = ""
    object_name = ""
    renamed: Mapping[str, str] = {}  # a verb's name of a field -> this endpoint's
    key_needed = False  # POSTs that lead to money must carry an Idempotency-Key
    dry_run_offered = True  # a POST with ?dry_run=true says what would come of it
    dry_run = False
    too_many = "Too many requests: wait for the seconds of Retry-After."

    def scope(self, method: str) -> str:
        """The scope that a method needs."""
        return f"{self.resource}:{'read' if method in SAFE else 'write'}"

    def rate(self) -> tuple[int, float, str] | None:
        """(calls, seconds, bucket) where the endpoint has a limit of its own."""
        return None

    @property
    def caller(self) -> access.Caller:
        """Who was let in."""
        caller = self.request.user
        assert isinstance(caller, access.Caller)
        return caller

    @property
    def actor(self) -> Actor:
        """The caller, for the verbs."""
        return self.caller.on(self.resource)

    def body(self, shape: type[Shape]) -> dict[str, Any]:
        """The checked body. Raises ValidationError naming the field."""
        read = shape(data=self.request.data)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def query(self, shape: type[Shape]) -> dict[str, Any]:
        """The checked query. Raises ValidationError naming the parameter, also for one that stands twice."""
        read = shape(data=_once_each(self.request.query_params))
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def id(self, kind: str, text: str) -> UUID:
        """The id of the URL. Raises Fault (404) for one that can't be."""
        found = ids.read(kind, text)
        if found is None:
            raise missing()
        return found

    def there(self, row: Any, text: str) -> Any:
        """The row of the URL's object. Raises Fault (404) for None."""
        if row is None:
            name = self.object_name
            raise Fault(404, "not_found", f"{name}_unknown", f"There is no {name.replace('_', ' ')} {text}.",
                        param=name)  # fmt: skip
        return row

    def once(
        self,
        shape: type[Shape],
        work: Callable[..., Done],
        *,
        before: Callable[[dict[str, Any]], Any] | None = None,
    ) -> Response:
        """Answer a POST: check the body, do `work(data)` in one transaction, once per Idempotency-Key. A dry run is
        rolled back, with its answer under the key.

        `before(data)` runs outside the transaction and may call out (I3: reads only); what it returns is
        `work`'s second argument.
        """
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            if self.key_needed:
                raise Fault(400, "idempotency_error", "idempotency_key_missing",
                            "Send an Idempotency-Key header: a word of your own that names this request.",
                            param="Idempotency-Key")  # fmt: skip
            data = self.body(shape)
            extra = (before(data),) if before else ()
            with kept_unless(self.dry_run):
                done = work(data, *extra)
            return _answer(done, again=False)
        sent = self.request.data if isinstance(self.request.data, dict) else {}
        asked = once.under(self.caller.owner, key, f"{self.request.method} {self.request.path}", sent)
        known = once.stored(asked)
        if known is not None:
            return _answer(Done(known.answer, known.object_id, known.status), again=True)
        data = self.body(shape)
        extra = (before(data),) if before else ()
        done, again = once.run(asked, lambda: work(data, *extra), dry_run=self.dry_run)
        return _answer(done, again=again)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        version.check(request.headers.get(version.HEADER))
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            # DRF takes a body without a length for no body: what was asked for would be lost without a word.
            raise Fault(411, "invalid_request", "length_required",
                        "Send the body with its Content-Length, not chunked: nothing was read.")  # fmt: skip
        if request.method == "POST":
            self.dry_run = self._dry_run(_once_each(request.query_params))

    def _dry_run(self, asked: Mapping[str, str]) -> bool:
        """Whether the POST is to be rolled back. A word of the query that nobody looked at might move money."""
        for name in asked:
            if name != "dry_run" or not self.dry_run_offered:
                only = "dry_run alone" if self.dry_run_offered else "nothing"
                raise Fault(400, "invalid_request", "field_unknown", f"A POST takes {only} from the query: send it in "
                            "the body.", param=name)  # fmt: skip
        said = asked.get("dry_run", "false")
        if said not in ("true", "false"):
            raise Fault(400, "invalid_request", "invalid_choice", "dry_run is true or false", param="dry_run")
        return said == "true"

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        left = getattr(getattr(request, "_request", request), "rate_left", None)
        if left is not None:
            for name, value in left.headers().items():
                response.headers.setdefault(name, value)
        if self.dry_run:
            response.headers["Dry-Run"] = "true"
        return super().finalize_response(request, response, *args, **kwargs)


def _answer(done: Done, *, again: bool) -> Response:
    headers = {"Idempotent-Replayed": "true"} if again else {}
    return Response(done.document(), status=done.status, headers=headers)


def _once_each(params: QueryDict) -> Mapping[str, str]:
    read = {}
    for name, values in params.lists():
        for text in (name, *values):
            check_text(text, name.replace("\x00", ""))
        if len(values) > 1:
            raise Fault(400, "invalid_request", "parameter_repeated", f"{name} stands {len(values)} times",
                        param=name)  # fmt: skip
        read[name] = values[0]
    return read

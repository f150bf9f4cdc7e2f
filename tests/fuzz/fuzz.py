"""One operation of the OpenAPI document, called with what its schema allows and with what it does not."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from tests.fuzz.ground import Ground

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


@dataclass
class Findings:
    """What an answer should not have been, each once, with its request; and how often each status was seen."""

    wrong: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Counter[int]] = field(default_factory=dict)

    def note(self, label: str, failures: FailureGroup) -> None:
        for each in failures.exceptions:
            self.wrong.setdefault(f"{label}: {getattr(each, 'title', each)}", str(failures)[:3000])

    def text(self) -> str:
        """For a person."""
        return "\n\n".join(f"{name}\n{text}" for name, text in self.wrong.items())


def operations(ground: Ground) -> list[Any]:
    """Every operation of /api/schema that is the API's; /health takes nothing and needs no key."""
    schema = schemathesis.openapi.from_wsgi("/api/schema", ground.app)
    schema.config.generation.update(
        with_security_parameters=False
    )  # ours is sent; without one: test_openapi.py
    found = [each.ok() for each in schema.get_all_operations()]
    return [each for each in found if each.path.startswith("/api/")]


def fuzz(
    ground: Ground, operation: Any, mode: GenerationMode, findings: Findings, *, most: int, repeatable: bool
) -> None:
    """`most` calls of one operation with generated data of one mode."""
    strategy = operation.as_strategy(generation_mode=mode)

    @settings(
        max_examples=most, deadline=None, database=None, derandomize=repeatable, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy, luck=st.randoms(use_true_random=False))
    def call(case: Any, luck: Random) -> None:
        _real(ground, case, luck)
        judge(ground, case, findings)

    with suppress(Unsatisfiable):  # nothing can be wrong where nothing is sent
        call()


def cover(ground: Ground, operation: Any, findings: Findings, *, every: int) -> None:
    """Each `every`-th of the document's edge cases: limits, types, missing and doubled parameters, other methods."""
    config = operation.schema.config.generation_for(operation=operation)
    luck = Random(operation.label)
    found = operation.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=config
    )
    for case in islice(found, luck.randrange(every), None, every):
        _real(ground, case, luck)
        judge(ground, case, findings)


def _real(ground: Ground, case: Any, luck: Random) -> None:
    """Ids that exist in most places, and mostly a word of its own for each request."""
    if case.path_parameters:
        ground.pool.path(case.path_parameters, luck)
    if case.meta.generation.mode == GenerationMode.POSITIVE:  # else a good word may mend what must be refused
        if case.query:
            case.query = ground.pool.swap(dict(case.query), luck)
        if isinstance(case.body, dict):
            case.body = ground.pool.swap(case.body, luck)
    if "Idempotency-Key" in (case.headers or {}) and luck.random() < 0.9:
        case.headers["Idempotency-Key"] = f"fuzz-{luck.getrandbits(64)}"


def judge(ground: Ground, case: Any, findings: Findings, *, key: str = "") -> None:
    """Call once, with the key that may do all or with another, and look at the answer."""
    headers = {"Authorization": f"Bearer {key or ground.secret}"}
    answer = case.call(headers=headers)
    label = case.operation.label
    findings.seen.setdefault(label, Counter())[answer.status_code] += 1
    ground.pool.learn(answer.text)
    try:
        case.validate_response(answer, checks=CHECKS, headers=headers)
    except FailureGroup as failures:
        findings.note(label, failures)

"""Every endpoint is called with what its schema allows and with what it does not: no 5xx, nothing undocumented.

FUZZ_EXAMPLES is how many calls an operation gets in each mode, with every edge case, and FUZZ_ONLY a part of the
names of operations: `make fuzz` sets them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.response import Response
from schemathesis import GenerationMode

from billing.api.plans import PlanView
from tests.fuzz.fuzz import Findings, cover, fuzz, operations
from tests.fuzz.ground import Ground

LONG = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SHORT, SOME = 2, 50
ONLY = os.environ.get("FUZZ_ONLY", "")


def test_every_answer_is_one_that_the_document_names(ground: Ground) -> None:
    findings = Findings()
    found = [each for each in operations(ground) if ONLY in each.label]
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for operation in found:
            fuzz(ground, operation, mode, findings, most=LONG or SHORT, repeatable=not LONG)
    for operation in found:
        cover(ground, operation, findings, every=1 if LONG else SOME)
    print("\n".join(f"{label} {dict(seen)}" for label, seen in sorted(findings.seen.items())))
    assert not findings.wrong, findings.text()
    dead = [label for label, seen in findings.seen.items() if not any(status < 300 for status in seen)]
    assert len(dead) < len(found) // 3, f"too little is reached to say anything: {dead}"


def test_without_a_key_with_a_wrong_one_and_below_its_scope_every_endpoint_refuses(ground: Ground) -> None:
    keyless = [each.label for each in operations(ground) if each.definition.raw.get("security") == [{}]]
    assert sorted(keyless) == ["POST /api/billing/webhook", "POST /api/webhooks/{name}"], (
        "a gateway's signature alone"
    )
    for operation in operations(ground):
        if operation.label in keyless:
            continue
        case = operation.Case(
            path_parameters=dict.fromkeys(_names(operation), "x"), body={}, media_type="application/json"
        )
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer cb_test_nobodys"}, 401),
            ({"Authorization": "Basic eDp5"}, 401),
            ({"Authorization": f"Bearer {ground.narrow}"}, 403),
        ):
            if status == 403 and ("/keys" in operation.path or "/requests/" in operation.path):
                continue
            answer = case.call(headers=headers)
            assert answer.status_code == status, (operation.label, headers, answer.text)
            error = answer.json().get("error_detail") or answer.json()["error"]
            assert error["type"] == {401: "authentication_error", 403: "permission_error"}[status]
            if status == 401:
                assert answer.headers["www-authenticate"] == ["Bearer"]
            case.validate_response(answer, excluded_checks=[])


BREAKS: dict[str, Callable[..., Any]] = {
    "Server error": lambda *_, **__: 1 / 0,
    "Response violates schema": lambda *_, **__: Response({"id": 17}),
    "Undocumented status code": lambda *_, **__: Response({}, status=418),
}


def test_a_broken_endpoint_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    (broken,) = [each for each in operations(ground) if each.label == "GET /api/plans/{plan_id}"]
    for finding, does in BREAKS.items():
        monkeypatch.setattr(PlanView, "get", does)
        findings = Findings()
        fuzz(ground, broken, GenerationMode.POSITIVE, findings, most=SHORT, repeatable=True)
        assert f"GET /api/plans/{{plan_id}}: {finding}" in findings.wrong


def _names(operation: Any) -> list[str]:
    return [each.name for each in operation.path_parameters]

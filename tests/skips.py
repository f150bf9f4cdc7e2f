"""Every test that may be skipped, why, and how many of its variants at most: a test never stops running in silence.

The run fails where more is skipped, or for another reason (tests/conftest.py). `make test-live` counts nothing: what a
provider's own sandbox has is not ours to say.
"""

from __future__ import annotations

from collections import Counter

import pytest

_SUITE = "tests/conformance/test_conformance.py::TestConformance::"
_HOOKS = "tests/conformance/test_callbacks.py::"

# (test, reason) -> how many of its variants
LISTED: dict[tuple[str, str], int] = {
    (_SUITE + "test_a_fault_costs_and_doubles_nothing", "this world knows no such fault"): 16,
    (_SUITE + "test_what_differs_is_never_paid_by_itself", "this world tells no such lie"): 3,
    (_SUITE + "test_the_same_identity_acts_once", "its sheet says that the same is never sent again"): 2,
    (_SUITE + "test_an_outage_of_hours_fails_nobody", "this world is always there"): 1,
    (_SUITE + "test_what_is_taken_back_days_later_is_out_of_the_books", "this world takes no charge back"): 3,
    (_HOOKS + "test_one_that_overtakes_the_answer_waits_for_it", "its payers pay after the answer"): 1,
    (
        _HOOKS + "test_a_forged_one_says_nothing",
        "its signature does not cover the bytes, so other bytes of the same meaning are as good",
    ): 2,
    (
        "tests/callbacks/test_gateways.py::test_one_of_the_future_is_refused_where_time_is_signed",
        "its signature has no time",
    ): 4,
    ("tests/callbacks/test_gateways.py::test_an_event_of_real_money_is_refused", "its events don't say"): 3,
    # Of the machine and of who runs them.
    (
        "tests/run/test_embedded.py::test_root_without_namespaces_runs_it_as_nobody",
        "only root can become nobody",
    ): 1,
    (
        "tests/run/test_killed.py::test_a_living_orphan_server_is_ended_first",
        "an orphan in a namespace is root's case",
    ): 1,
    ("tests/run/test_curl.py::test_it_does_what_the_documents_ask_of_it", "no curl"): 1,
    (
        "tests/house/test_containers.py::test_the_dockerfile_has_no_finding",
        "requirements-dev.in has hadolint for Linux on x86-64 alone",
    ): 1,
}


def skipped(report: pytest.TestReport) -> tuple[str, str] | None:
    """(test without its variant, reason) of a report of a skip; None of any other, an expected failure's too."""
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return None
    return report.nodeid.partition("[")[0], report.longrepr[2].removeprefix("Skipped: ")


def beyond(found: Counter[tuple[str, str]]) -> list[str]:
    """A sentence for each test of which more variants were skipped than are listed."""
    return [
        f"{test}: {count} skipped, {LISTED.get((test, reason), 0)} listed: {reason}"
        for (test, reason), count in sorted(found.items())
        if count > LISTED.get((test, reason), 0)
    ]

"""Result rows of batch tasks: operators see them, and they are trimmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django_celery_results.models import TaskResult

from engine.core import clock
from engine.core.ids import uuid7
from engine.rest.models import Answer, Use
from ops import tasks

pytestmark = pytest.mark.django_db


def _result(name: str, *, days: float) -> TaskResult:
    made = TaskResult.objects.create(task_id=name, task_name="billing.claim_due", status="SUCCESS")
    TaskResult.objects.filter(pk=made.pk).update(date_done=clock.machine_now() - timedelta(days=days))
    return made


def test_rows_older_than_the_setting_are_trimmed_and_no_others():
    _result("old", days=7.1)
    _result("young", days=6.9)
    assert tasks.trim_results() == {"trimmed": 1, "answers": 0, "callbacks": 0, "uses": 0}
    assert [row.task_id for row in TaskResult.objects.all()] == ["young"]


def test_answers_older_than_30_days_and_counts_older_than_an_hour_are_trimmed_and_no_others():
    for name, answered, called in (
        ("old", timedelta(days=30, minutes=1), timedelta(minutes=61)),
        ("young", timedelta(days=29, hours=23), timedelta(minutes=59)),
    ):
        Answer.objects.create(
            id=uuid7(), owner=uuid7(), key=name, path="POST /api/keys", status=201,
            created_at=clock.machine_now() - answered,
        )  # fmt: skip
        Use.objects.create(bucket=name, window_start=clock.machine_now() - called)
    assert tasks.trim_results() == {"trimmed": 0, "answers": 1, "callbacks": 0, "uses": 1}
    assert [row.key for row in Answer.objects.all()] == ["young"]
    assert [row.bucket for row in Use.objects.all()] == ["young"]


@pytest.mark.parametrize("page", ["django_celery_results/taskresult", "django_celery_beat/periodictask"])
def test_results_and_the_timetable_stand_in_the_admin(admin_client: Client, page: str):
    _result("shown", days=0)
    assert admin_client.get(f"/admin/{page}/").status_code == 200
    made_by_hand = {"django_celery_results/taskresult": 403, "django_celery_beat/periodictask": 200}
    assert admin_client.get(f"/admin/{page}/add/").status_code == made_by_hand[page]

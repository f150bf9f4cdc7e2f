"""The feed under writers who commit in any order: each event once, none skipped, always the same order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox import feed, order
from engine.outbox.models import Event
from tests.outbox.conftest import tell


class Writer:
    """A session of its own that emits when told, and commits when told."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], object] | None] = []
        self._todo, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.do(lambda: connections["default"].cursor().execute("BEGIN"))

    def do(self, step: Callable[[], object]) -> None:
        self._steps.append(step)
        self._todo.release()
        assert self._done.acquire(timeout=10)

    def end(self, word: str = "COMMIT") -> None:
        self.do(lambda: connections["default"].cursor().execute(word))
        self._steps.append(None)
        self._todo.release()
        self._thread.join(10)

    def _run(self) -> None:
        while self._todo.acquire(timeout=20) and (step := self._steps.pop(0)) is not None:
            step()
            self._done.release()
        connections.close_all()


def poll(after: UUID | None, most: int = 100) -> tuple[list[UUID], UUID | None]:
    page = feed.read(most=most, after=after)
    return [event.pk for event in page.events], page.last


def poll_for(count: int, after: UUID | None = None) -> tuple[list[UUID], UUID | None]:
    """What a reader has who polls until `count` are there. The horizon is the whole cluster's: a transaction of another
    test, in another database, may hold it back for as long as it runs.
    """
    seen: list[UUID] = []
    until = time.monotonic() + 120
    while len(seen) < count and time.monotonic() < until:
        found, after = poll(after)
        seen += found
        time.sleep(0 if found else 0.02)
    return seen, after


def test_who_commits_late_with_an_older_id_is_not_skipped(sessions):
    """The reader polls by cursor all along, and sees both, once, in the order that a new reader sees."""
    late = Writer()
    late.do(tell)
    tell()
    first, cursor = poll(None)
    assert first == []  # the older one may still come: nothing beyond it is shown
    late.end()
    second, cursor = poll_for(2, cursor)
    tell()
    third, cursor = poll_for(1, cursor)
    seen = second + third
    assert len(seen) == len(set(seen)) == 3
    assert seen == poll(None)[0]
    assert sorted(seen)[:2] == seen[:2]
    assert poll(cursor) == ([], cursor)


def test_who_rolls_back_holds_nobody_up(sessions):
    late = Writer()
    late.do(tell)
    tell()
    assert poll(None)[0] == []
    late.end("ROLLBACK")
    assert len(poll_for(1)[0]) == 1


def test_a_transaction_that_only_reads_holds_nobody_up(sessions):
    reader = Writer()
    reader.do(lambda: connections["default"].cursor().execute("SELECT 1 FROM engine_outbox_event"))
    tell()
    shown = len(poll_for(1)[0])
    reader.end()
    assert shown == 1


def test_one_objects_events_stand_in_the_order_of_its_versions(sessions):
    """The transaction that began first writes last: it waited for the object's row."""
    one = uuid7()
    early = Writer()
    early.do(lambda: connections["default"].cursor().execute("SELECT pg_current_xact_id()"))
    tell(one, 1)
    early.do(lambda: tell(one, 2))
    early.end()
    assert list(Event.objects.order_by("position", "turn").values_list("seq", flat=True)) == [1, 2]
    poll_for(2)
    assert [event.seq for event in feed.read(most=10).events] == [1, 2]


def test_what_is_written_last_is_seen_without_another_writer(sessions):
    """An early transaction that ends last must not wait for ids that nobody has."""
    early = Writer()
    early.do(lambda: connections["default"].cursor().execute("SELECT pg_current_xact_id()"))
    tell()
    early.do(tell)
    early.end()
    assert len(poll_for(2)[0]) == 2


def test_many_writers_and_a_reader(sessions):
    """Four writers commit batches of all lengths and times; a reader who polls all along misses none."""
    over = threading.Event()

    def write(number: int) -> None:
        for n in range(25):
            with transaction.atomic():
                tell(count=1 + (n * number) % 7)
                over.wait(0.001 * ((n * 7 + number * 3) % 9))
                tell()
        connections.close_all()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    seen: list[UUID] = []
    cursor = None
    until = time.monotonic() + 120
    while any(writer.is_alive() for writer in writers) or len(seen) < Event.objects.count():
        assert time.monotonic() < until, "some were skipped"
        found, cursor = poll(cursor, most=7)
        seen += found
    assert len(seen) == len(set(seen)) == Event.objects.count()
    assert seen == list(Event.objects.order_by("position", "turn").values_list("pk", flat=True))


def test_a_rare_type_is_found_a_look_at_a_time(db, monkeypatch):
    monkeypatch.setattr(feed, "LOOKED_AT", 10)
    monkeypatch.setattr(feed, "_standing", _all)
    # Our own events stand beyond what has committed.
    monkeypatch.setattr(feed.order, "is_broken", lambda: False)
    tell(count=25)
    tell(type="invoice.paid")
    pages, after = [], None
    while True:
        page = feed.read(most=5, after=after, type="invoice.*")
        pages.append(len(page.events))
        after = page.last
        if not page.more:
            break
    assert pages == [0, 0, 1]
    assert feed.read(most=5, after=after, type="invoice.*") == feed.Page([], after, False)
    back = feed.read(most=2, type="payment.sent", newest_first=True)
    assert [event.payload["n"] for event in back.events] == [24, 23]
    assert back.more


def _all(after: UUID | None, newest_first: bool):
    """Without the horizon: in a test's one transaction nothing has committed."""
    rows = Event.objects.all()
    if after is not None:
        place = Event.objects.filter(pk=after).values_list("turn", flat=True).get()
        rows = rows.filter(turn__lt=place) if newest_first else rows.filter(turn__gt=place)
    return rows.order_by("-position", "-turn") if newest_first else rows.order_by("position", "turn")


def test_a_cursor_that_is_no_event_is_refused(db):
    with pytest.raises(Refusal) as refused:
        feed.read(most=5, after=uuid7())
    assert refused.value.param == "after"


def test_a_restored_cluster_says_so_until_it_is_rebased(sessions):
    """Another cluster's transaction ids begin anew: what was written there stands far ahead."""
    tell()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE engine_outbox_event SET position = position + 1000000000")
        cursor.execute("SET session_replication_role = origin")
    try:
        with pytest.raises(Refusal) as refused:
            feed.read(most=5)
        assert refused.value.code == "feed_order_broken"
        call_command("rebase_events")
        old = Event.objects.get()
        tell()
        poll_for(2)
        page = feed.read(most=5)
        assert page.events[0].pk == old.pk
        assert len(page.events) == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute(order.functions(0))

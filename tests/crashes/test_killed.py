"""kill -9 at every boundary: the real worker process dies there, and everything is settled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import pytest
from celery import Celery

from payments.pipeline import points
from sandbox.live.house import House
from sandbox.live.nursery import CLAIM_BATCH
from tests.crashes.conftest import NUMBERED_AT_ONCE, SUBSCRIBERS
from tests.crashes.outcome import settled_once

# Several pieces in one transaction are refused: they go one by one.
ONE_BY_ONE = """
CREATE FUNCTION one_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM changed WHERE state = 'succeeded') > 1 THEN
        RAISE EXCEPTION 'a drill: one at a time';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER one_by_one AFTER UPDATE ON payments_payment REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION one_by_one()
"""
SEEN = """
SELECT count(*) FROM payments_attempt a WHERE a.state = 'pending'
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = a.payment_id AND e.applied_at IS NULL)
"""
UNNUMBERED = "SELECT count(*) FROM billing_invoice WHERE issued_at IS NOT NULL AND number IS NULL"
DELTAS = "SELECT count(*) FROM engine_ledger_delta"
AGAIN = (points.TAKE_COMMITTED, points.SEND_ANSWERED, points.VERIFY_TAKEN, points.APPLY_BEFORE_COMMIT)
LOCKED = """
SELECT count(*) FROM payments_payment p JOIN payments_paymentmethod m ON m.id = p.method_id
 WHERE p.state = 'succeeded' AND m.details->>'strict_once' = 'true'
"""
FINAL = "SELECT count(*) FROM payments_evidence WHERE applied_at IS NULL AND outcome = 'succeeded'"


@contextmanager
def all_at_once(home: House) -> Iterator[None]:
    """Everything becomes final at once while nobody applies, and no two may be applied together."""
    create, _, trigger = ONE_BY_ONE.partition(";\nCREATE TRIGGER")
    home.sql(create)
    home.sql(f"CREATE TRIGGER{trigger}")
    home.chain.net.pause()
    yield
    assert home.until(lambda: home.sql(SEEN)[0][0] == SUBSCRIBERS)
    home.workers["money-0"].stop()
    home.chain.net.advance(40)
    home.chain.net.resume()
    assert home.until(lambda: home.sql(FINAL)[0][0] == SUBSCRIBERS)
    home.workers["money-0"].thaw()


@contextmanager
def dropped(home: House) -> Iterator[None]:
    """The first two sends never land: the same bytes are sent again."""
    home.chain.net.fault("drop", count=2)
    yield


@contextmanager
def no_node(home: House) -> Iterator[None]:
    """Nobody gives a blockhash at first."""
    home.chain.net.fault("http_5xx", methods=["getLatestBlockhash"], count=4)
    yield


@contextmanager
def one_slot(home: House) -> Iterator[None]:
    """One send at a time over all workers: what was taken beyond is given back."""
    home.sql("UPDATE payments_providerswitch SET concurrency = 1")
    yield


@contextmanager
def lost_from_the_index(home: House) -> Iterator[None]:
    """A scheduled payment that nothing would ever look at: a bug's work."""
    ios = [worker for name, worker in home.workers.items() if name.startswith("io")]
    for worker in ios:
        worker.stop()
    yield
    due = "SELECT count(*) FROM payments_payment WHERE state = 'scheduled'"
    assert home.until(lambda: home.sql(due)[0][0] == SUBSCRIBERS)
    home.sql("UPDATE payments_payment SET next_action_at = NULL WHERE state = 'scheduled'")
    for worker in ios:
        worker.thaw()


@contextmanager
def numbering(home: House) -> Iterator[None]:
    """The timetable's numbering, when this drill's invoices alone have no number yet.

    Nothing is sent where nothing waits: a task still on its way would number, and die, before its time.
    """
    if home.sql(UNNUMBERED)[0][0]:
        number_all(home)
    yield
    assert home.until(lambda: not home.is_open())
    send(home, "billing.number_invoices", "plan")


def send(home: House, task: str, queue: str) -> None:
    """What beat sends every 30 seconds; a house without beat gets it here."""
    with Celery("drill", broker=home.redis_url, set_as_current=False) as app:
        app.send_task(task, queue=queue, retry=False, ignore_result=True)


def number_all(home: House, *, left: int | None = None) -> None:
    """Number what has none; `left`: how many the one who died must have left. Gaps are check_books' business."""
    assert left is None or home.sql(UNNUMBERED)[0][0] == left
    send(home, "billing.number_invoices", "plan")
    assert home.until(lambda: home.sql(UNNUMBERED)[0][0] == 0)


def roll_up_all(home: House) -> None:
    """Roll up what is left; that the balances are what the legs add up to is check_books' business."""
    send(home, "payments.roll_up", "money")
    assert home.until(lambda: home.sql(DELTAS)[0][0] == 0)


NEEDS: dict[str, Callable[[House], AbstractContextManager[None]]] = {
    points.RESEND_BEFORE_COMMIT: dropped,
    points.RESEND_COMMITTED: dropped,
    points.LOOK_LATER_COMMITTED: dropped,
    points.HOLD_COMMITTED: no_node,
    points.GIVE_BACK_COMMITTED: one_slot,
    points.APPLY_ONE_BEFORE_COMMIT: all_at_once,
    points.APPLY_ONE_COMMITTED: all_at_once,
    points.SWEEP_MENDED: lost_from_the_index,
    points.NUMBERS_BEFORE_COMMIT: numbering,
    points.NUMBERS_COMMITTED: numbering,
}
THEN: dict[str, Callable[[House], None]] = {
    points.NUMBERS_BEFORE_COMMIT: partial(number_all, left=SUBSCRIBERS),
    points.NUMBERS_COMMITTED: partial(number_all, left=SUBSCRIBERS - NUMBERED_AT_ONCE),
    points.ROLL_UP_BEFORE_COMMIT: roll_up_all,
    points.ROLL_UP_COMMITTED: roll_up_all,
}
"""What no payment waits for: the timetable's next one goes on where the dead one was."""
UNDO = ("UPDATE payments_providerswitch SET concurrency = 64", "DROP FUNCTION IF EXISTS one_by_one CASCADE")


@pytest.fixture
def hurt(home: House) -> Iterator[House]:
    """The standing house, and what a drill changed is as it was afterwards."""
    yield home
    home.chain.net.resume()
    for statement in UNDO:
        home.sql(statement)


@pytest.mark.parametrize("point", points.ALL)
def test_a_worker_killed_at_each_boundary_costs_nothing(hurt: House, point: str) -> None:
    needs = NEEDS.get(point)
    with needs(hurt) if needs else nullcontext():
        died = hurt.crash.arm(point)
        hurt.make_due()
    assert hurt.until(died.exists), f"no worker passed {point}"
    settled_once(hurt)
    if point in THEN:
        THEN[point](hurt)
        settled_once(hurt)


def test_killed_with_the_only_answer_of_a_payment_that_is_locked_on_chain(home: House) -> None:
    """strict_once: what nobody remembers to have sent is found by its marker or its memo, and booked once."""
    strict = home.subscribe(SUBSCRIBERS, strict_once=True)
    home.rest(strict)
    died = home.crash.arm(points.SEND_ANSWERED)
    home.make_due(strict)
    assert home.until(died.exists)
    settled_once(home)
    assert home.sql(LOCKED)[0][0] == SUBSCRIBERS


def test_killed_between_two_batches_of_one_claim(home: House) -> None:
    """Some are claimed and the others not: the next claim goes on with those.

    The one worker that can claim takes one subscription at a time, so the second batch is never the last.
    """
    home.keep = False
    home.workers["money-0"].kill()
    home.start("money-few", "money", **{CLAIM_BATCH: "1"})
    died = home.crash.arm(points.CLAIM_COMMITTED, nth=2)
    home.make_due()
    assert home.until(died.exists)
    assert home.until(lambda: not home.workers["money-few"].alive())
    claimed = home.sql(
        "SELECT count(*), count(DISTINCT correlation_id) FROM billing_invoice WHERE state = 'draft'"
    )
    assert claimed == [(2, 1)], "two batches of one claim are committed, two rows are left"
    home.dismiss("money-few")
    home.keep = True
    settled_once(home)


def test_killed_again_and_again(home: House) -> None:
    """Nobody takes a dead worker's place before the next kill is planned: all four fall on the same payments."""
    home.keep = False
    home.dismiss("io-1")
    for number, point in enumerate(AGAIN):
        died = home.crash.arm(point)
        home.mend()
        if not number:
            home.make_due()
        assert home.until(lambda died=died: died.exists() and dead(home)), point  # type: ignore[misc]
    home.keep = True
    settled_once(home)


def dead(home: House) -> bool:
    return not all(worker.alive() for worker in home.workers.values())

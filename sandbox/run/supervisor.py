"""Starts services wave by wave, starts crashed ones again, and stops all in reverse order.

A wave starts together and is ready together; the next begins after it. Keep one supervisor in a thread
that outlives its children (the main thread): the kernel ties a child to the thread that started it.
"""

import signal
import time
from collections.abc import Callable, Collection, Sequence
from threading import Event, Lock, Thread

from sandbox.run.errors import StartFailed, Stopped
from sandbox.run.process import Service

Say = Callable[[str], None]

POLL_SECONDS = 0.03
START_SECONDS = 120.0
STOP_SECONDS = 4.1
HOLD_SECONDS = 0.3
LEAVE_SECONDS = 0.1
"""With the ticker's own these leave the interpreter some of the 5 seconds of a stop; a test adds them up."""
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
HEALTHY_SECONDS = 30.0


class Supervisor:
    """The services of one run. `stopping` breaks off a start; `hurry` makes a stop kill at once."""

    def __init__(self, say: Say, stopping: Event | None = None) -> None:
        self.say = say
        self.stopping = stopping or Event()
        self.hurry = Event()
        self.last_words: list[str] = []
        """Lines that `stop` says when everything has ended."""
        self._waves: list[list[Service]] = []
        self._keeper = Keeper(self._waves, say)

    @property
    def services(self) -> list[Service]:
        """Every service that stays, in the order of the start."""
        return [service for wave in self._waves for service in wave]

    def start(self, *wave: Service, seconds: float = START_SECONDS) -> None:
        """Start services together and wait until each is ready.

        Raises StartFailed when one ends early or is not ready in time, Stopped on a stop meanwhile.
        """
        began: dict[str, float] = {}
        self._waves.append([])
        for service in wave:
            began[service.name] = time.monotonic()
            service.prepare()
            if not service.once:
                self._waves[-1].append(service)
            service.process.start()
        try:
            self._wait(list(wave), began, seconds)
        finally:
            self._end([service for service in wave if service.once], 0.5)

    def keep(self) -> None:
        """From now on start services that end by themselves again, each time after a longer wait."""
        self._keeper.start()

    def renew(self, names: Collection[str]) -> None:
        """Ask these services to end and let the keeper start them again; returns at once."""
        self._keeper.renew(names)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop wave by wave, the last first, within about `seconds`: ask, wait, then SIGKILL.

        From a wave's time is kept back what those that stop after it may need.
        """
        self._keeper.hold()
        deadline = time.monotonic() + seconds
        while self._waves:
            wave = self._waves[-1]
            reserve = sum(max(each.stop_seconds for each in later) for later in self._waves[:-1] if later)
            self._end(wave, max(0.1, deadline - reserve - time.monotonic()))
            self._waves.pop()
        self._keeper.leave()
        for line in self.last_words:
            self.say(line)
        self.last_words.clear()

    def _wait(self, waiting: list[Service], began: dict[str, float], seconds: float) -> None:
        until = time.monotonic() + seconds
        while waiting:
            for service in list(waiting):
                if self.stopping.is_set():
                    raise Stopped
                if _is_up(service):
                    milliseconds = (time.monotonic() - began[service.name]) * 1000
                    self.say(f"✓ {service.name:<10} {milliseconds:>6.0f} ms")
                    waiting.remove(service)
            if waiting and time.monotonic() > until:
                raise _failed(waiting[0], f"was not ready after {seconds:.0f} s")
            time.sleep(POLL_SECONDS if waiting else 0)

    def _end(self, wave: Sequence[Service], seconds: float) -> None:
        began = time.monotonic()
        living = [service for service in wave if service.process.alive()]
        for service in living:
            service.process.ask_to_stop()
        while living and time.monotonic() - began < seconds and not self.hurry.is_set():
            time.sleep(POLL_SECONDS)
            living = [service for service in living if service.process.alive()]
        for service in wave:
            service.process.kill()
            while service.process.alive():
                time.sleep(POLL_SECONDS)
            service.process.forget()
            if service in living:
                self.say(f"■ {service.name} had to be killed")


class Keeper:
    """The thread that starts crashed and renewed services again. It lives until `leave`, as its children need."""

    def __init__(self, waves: list[list[Service]], say: Say) -> None:
        self._waves = waves
        self._say = say
        self._crashes: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._up_since: dict[str, float] = {}
        self._ending: dict[str, float] = {}
        self._renewed: set[str] = set()
        self._lock = Lock()
        self._holding = Event()
        self._done = Event()
        self._thread = Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hold(self) -> None:
        """Start nothing any more; returns when no start is under way.

        What only mends before its start may go on: it sees that it is to hold before it starts.
        """
        self._holding.set()
        if self._lock.acquire(timeout=HOLD_SECONDS):
            self._lock.release()

    def renew(self, names: Collection[str]) -> None:
        """Ask these to end; each is started again as soon as it has, and at once if it had crashed."""
        with self._lock:
            for service in [service for wave in self._waves for service in wave]:
                if service.name in names and not self._holding.is_set():
                    self._ending[service.name] = time.monotonic()
                    service.process.ask_to_stop()

    def leave(self) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_SECONDS)

    def _keep(self) -> None:
        while not self._done.wait(0.2):
            for service in [service for wave in self._waves for service in wave]:
                with self._lock:
                    if not self._holding.is_set():
                        self._look_at(service)

    def _look_at(self, service: Service) -> None:
        now, name = time.monotonic(), service.name
        if service.process.alive():
            if now - self._up_since.setdefault(name, now) > HEALTHY_SECONDS:
                self._crashes.pop(name, None)
            self._look_at_renewed(service, now)
            return
        if self._ending.pop(name, None) is not None:
            for forgotten in (self._crashes, self._due):
                forgotten.pop(name, None)
            self._up_since[name] = now
            self._renewed.add(name)
            self._try_start(service)
            return
        if name not in self._due:
            crashes = self._crashes[name] = self._crashes.get(name, 0) + 1
            wait = BACKOFF_SECONDS[min(crashes, len(BACKOFF_SECONDS)) - 1]
            self._due[name] = now + wait
            self._say(f"! {name} {_ending(service)}, starting it again in {wait:g} s ({service.process.log})")
        elif now >= self._due[name]:
            del self._due[name]
            self._up_since[name] = now
            self._try_start(service)

    def _look_at_renewed(self, service: Service, now: float) -> None:
        name = service.name
        if now - self._ending.get(name, now) > STOP_SECONDS:
            service.process.kill()
        if name in self._renewed and name not in self._ending and service.ready(service.process):
            self._renewed.discard(name)
            self._say(f"✓ {name:<10} {(now - self._up_since[name]) * 1000:>6.0f} ms")

    def _try_start(self, service: Service) -> None:
        try:
            service.prepare()
            if not self._holding.is_set():
                service.process.start()
        except Exception as error:
            # The keeper must live: the next look finds the service dead and waits longer.
            self._say(f"! {service.name} did not start: {error}")


def _is_up(service: Service) -> bool:
    code = service.process.poll()
    if code is None:
        return not service.once and service.ready(service.process)
    if service.once and code == 0:
        return True
    raise _failed(service, _ending(service))


def _failed(service: Service, what: str) -> StartFailed:
    return StartFailed(f"{service.name} {what}; its log: {service.process.log}", service.process.tail())


def _ending(service: Service) -> str:
    code = service.process.poll()
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"

"""One mission's way in: its log, the one thread that writes to it, a second handle to check on.

Waiting jobs are committed together: each in a savepoint, all in one transaction, so that one wait
for the disk serves many. Nobody is answered before the commit. Knows neither HTTP nor hub.db.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from review.hub import Hub, Seat
from sync.errors import Busy, StorageFull
from sync.keys import PublicKeys
from sync.log import Log, told_plainly

MAX_WAITING: Final = 64
GROUP: Final = 32

Job = Callable[[Log], Any]
_Waiting = tuple[Job, "Future[Any]"]


class Channel:
    """The open channel of a mission.

    :raises LogInUse: another process holds the log
    :raises NoSuchMission: there is none of this name
    """

    def __init__(self, hub: Hub, mission: str) -> None:
        self.log = hub.log(mission, exclusive=True)
        try:
            self.seat: Seat = hub.seat(self.log)
            # Checking must not wait while the writer waits for the disk.
            self.reader = Log(hub.log_path(mission))
        except BaseException:
            self.log.close()
            raise
        self.keys = PublicKeys()
        self._jobs: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"writer of {mission}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, then close the log."""
        self._jobs.put(None)
        self._thread.join()
        self.reader.close()
        self.log.close()

    def check_room(self) -> None:
        """Return when another job may wait.

        :raises Busy: too many wait already
        """
        if self._jobs.qsize() >= MAX_WAITING:
            raise Busy("Headquarters is busy. Everything is saved on your device; try again soon.")

    def submit(self, job: Job) -> "Future[Any]":
        """Let the writer run ``job(log)`` in a transaction; the result is there once it is on disk.

        :raises Busy: too many wait already
        """
        self.check_room()
        future: Future[Any] = Future()
        self._jobs.put((job, future))
        return future

    def _run(self) -> None:
        going_on = True
        while going_on:
            group: list[_Waiting] = []
            waiting = self._jobs.get()
            while True:
                if waiting is None:
                    going_on = False
                    break
                if waiting[1].set_running_or_notify_cancel():
                    group.append(waiting)
                if len(group) == GROUP:
                    break
                try:
                    waiting = self._jobs.get_nowait()
                except queue.Empty:
                    break
            if group:
                self._commit(group)

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            with self.log.writing():
                results = [self._within(job) for job, _ in group]
        except BaseException as error:
            for _, future in group:
                future.set_exception(error)
            return
        for (_, future), (result, fault) in zip(group, results, strict=True):
            if fault is None:
                future.set_result(result)
            else:
                future.set_exception(fault)

    def _within(self, job: Job) -> tuple[Any, Exception | None]:
        """A job in its own savepoint: its fault is its own, a full disk is everybody's."""
        try:
            with told_plainly(), self.log.db.atomic():
                return job(self.log), None
        except (Busy, StorageFull):
            raise
        except Exception as error:
            if not self.log.db.conn.in_transaction:
                raise
            return None, error

"""Carries on to headquarters what phones brought, again and again, in a thread of its own."""

import logging
import threading
from contextlib import closing
from typing import Final

from observer.profile import Home
from sync.backoff import Backoff
from sync.clock import utc_now
from sync.errors import SyncError
from sync.http import HttpTransport
from sync.intake import AT_RELAY
from sync.relay import Relay
from sync.session import Session, alone

CALM: Final = 30.0  # seconds between two looks when nothing new came

logger = logging.getLogger(__name__)


class Forwarding:
    """The thread.

    :param home: the relay's folder
    """

    def __init__(self, home: Home, relay: Relay) -> None:
        self.home = home
        self.relay = relay
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarding", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something new to carry."""
        self._wake.set()

    def close(self) -> None:
        """End after the call in hand."""
        self._end.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        backoff = Backoff()
        with (
            alone(self.home.sync_lock),
            closing(HttpTransport(self.home.profile().address)) as transport,
        ):
            session = Session(self.relay.log, transport, self.relay.signer, utc_now, node=AT_RELAY)
            while not self._end.is_set():
                self._wake.clear()
                try:
                    found = session.run(going_on=lambda: not self._end.is_set())
                    self.relay.refused(found.pushed.stopped)
                    backoff.succeeded()
                    self._wake.wait(CALM)
                except SyncError as error:
                    # A phone that comes must not shorten the wait: the other side asked for it.
                    self._end.wait(backoff.failed(getattr(error, "retry_after", None)))
                except Exception as error:
                    logger.error("forwarding: %s", type(error).__name__)
                    self._end.wait(backoff.failed())

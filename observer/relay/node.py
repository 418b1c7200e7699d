"""What a relay holds open while it runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from flask import current_app

from observer.profile import Home
from observer.relay.desk import Desk
from observer.relay.forwarding import Forwarding
from observer.store.carriers import Carriers
from sync.clock import utc_now
from sync.http import HttpTransport
from sync.relay import Relay

HUB_TIMEOUT: Final = 20.0  # seconds
Connect = Callable[[], HttpTransport]


class RelayNode:
    """What the app holds open.

    :param home: the folder of a device with the role ``relay``
    :param connect: makes a connection to headquarters
    """

    def __init__(
        self, home: Home, *, forwarding: bool = True, connect: Connect | None = None
    ) -> None:
        profile = home.profile()
        self._connect = connect or partial(HttpTransport, profile.address, timeout=HUB_TIMEOUT)
        self.log = home.log()
        self.carriers = Carriers(home.folder / "carriers.db")
        self.desk = Desk(self.log, self.carriers, profile.mission, utc_now)
        self.relay = Relay(self.log, home.signer(), utc_now)
        self.forwarding = Forwarding(home, self.relay) if forwarding else None

    def close(self) -> None:
        """Finish and close everything."""
        if self.forwarding is not None:
            self.forwarding.close()
        self.carriers.close()
        self.log.close()

    @contextmanager
    def hub(self) -> Iterator[HttpTransport]:
        """A connection to headquarters of a call of its own: tokens must not mix."""
        transport = self._connect()
        try:
            yield transport
        finally:
            transport.close()


def node() -> RelayNode:
    """The node of the app that answers now."""
    found: RelayNode = current_app.extensions["relay"]
    return found

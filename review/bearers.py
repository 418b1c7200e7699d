"""Who carries, by the bearer token alone; remembered for some seconds to spare a look-up."""

import time
from pathlib import Path
from typing import Final

from review.bodies import Scope, header
from review.store.enrolment import EnrolmentStore, Session, sha256
from sync.errors import SignedOut

REMEMBERED: Final = 5.0  # seconds that a token is known without looking
MAX_REMEMBERED: Final = 10_000


class Bearers:
    """Looks tokens up beside enrolments, which hold their own handle while they wait."""

    def __init__(self, path: Path, store: EnrolmentStore) -> None:
        self._store = EnrolmentStore(path, store.clock)
        self._sessions: dict[str, tuple[float, Session]] = {}

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def session(self, scope: Scope) -> Session:
        """Whose token a request carries.

        :raises SignedOut: no token, or one that is not known or has run out
        """
        scheme, _, token = header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer" and token:
            key, now = sha256(token.strip()), time.monotonic()
            found = self._sessions.get(key)
            if found is not None and found[0] > now and found[1].expires_at > self._store.clock():
                return found[1]
            session = self._store.session(key)
            if session is not None:
                if len(self._sessions) >= MAX_REMEMBERED:
                    self._sessions.clear()
                self._sessions[key] = (now + REMEMBERED, session)
                return session
        raise SignedOut("The device is not signed in, or no longer. It signs in with its key.")

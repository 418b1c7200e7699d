"""The one base class of every error that may reach a user, a device or another machine.

An error says in plain words what happened and what to do. It carries a stable ``code``, the HTTP
status it is answered with, and whether sending the same thing again can help.
"""

from collections.abc import Mapping
from typing import Any


class TrialObserverError(Exception):
    """Base of all errors of this project.

    ``code`` is stable and documented in ``docs/protocol.md``; ``status`` is an HTTP status;
    ``retry`` says whether the same request may succeed later without being changed.
    """

    code = "error"
    status = 400
    retry = False

    @property
    def message(self) -> str:
        """The plain sentence for a person."""
        return str(self.args[0]) if self.args else self.code

    def as_json(self) -> Mapping[str, Any]:
        """The one JSON shape of an error: ``ok, code, error, status, retry``."""
        return {
            "ok": False,
            "code": self.code,
            "error": self.message,
            "status": self.status,
            "retry": self.retry,
        }

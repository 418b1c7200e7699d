"""Absence gives nothing away: to who may not see a database, what is not in it is not open either.

Datasette looks for a database, table or row before it asks for permission, and would answer 404 or
403 depending on what exists.
"""

from typing import Any

from datasette import NotFound
from datasette.resources import DatabaseResource
from datasette.utils import tilde_decode

from review.pages import refused


def hide_absence(datasette: Any, request: Any, exception: Exception) -> Any:
    """Instead of Datasette's answer to an exception, ours; the inner function gives ``None`` to
    leave Datasette's."""

    async def inner() -> Any:
        if not isinstance(exception, NotFound):
            return None
        database = tilde_decode((request.url_vars or {}).get("database") or "")
        if await _may_know(datasette, request, database):
            return None
        return await refused(datasette, request, str(exception))

    return inner


async def _may_know(datasette: Any, request: Any, database: str) -> bool:
    if not database:
        allowed = await datasette.allowed(action="view-instance", actor=request.actor)
    else:
        allowed = await datasette.allowed(
            action="view-database", resource=DatabaseResource(database), actor=request.actor
        )
    return bool(allowed)

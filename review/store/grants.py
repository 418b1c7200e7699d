"""The SQL that Datasette's permission engine asks its plugins for."""

import json
from collections.abc import Iterable

from datasette.permissions import PermissionSQL

Resource = tuple[str | None, str | None]


def allowing(action: str, resources: Iterable[Resource]) -> PermissionSQL:
    """Allow an action on these (database, table) pairs; ``None`` stands for all.

    All plugins' rules are run as one statement, so the parameter carries the action's name.
    """
    parameter = f"review_{action.replace('-', '_')}"
    return PermissionSQL(
        sql=f"""
            SELECT json_extract(value, '$[0]') AS parent, json_extract(value, '$[1]') AS child,
                1 AS allow, 'reviewer of the mission' AS reason
            FROM json_each(:{parameter})
        """,  # noqa: S608 - the action's name is Datasette's, not a request's
        params={parameter: json.dumps([list(resource) for resource in resources])},
    )

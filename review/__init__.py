"""Headquarters: a Datasette plugin. Here are its hooks alone; each hands on to a module."""

from typing import Any

from datasette import hookimpl

CLOSED = ("allow-debug", "auth-token", "config", "create-token", "messages", "password-tool")


@hookimpl
def register_actions() -> Any:
    """Our own actions."""
    from review import access

    return access.actions()


@hookimpl
def permission_resources_sql(datasette: Any, actor: Any, action: str) -> Any:
    """Who may see what."""
    from review import access

    return access.permissions(datasette, actor, action)


@hookimpl(tryfirst=True)
def register_routes() -> Any:
    """Our pages, and Datasette's that are closed here."""
    from review import pages

    return [
        (pages.PATHS["start"], pages.start),
        (pages.PATHS["observation"], pages.observation),
        (pages.PATHS["attachment"], pages.attachment),
        (rf"^/-/(?:{'|'.join(CLOSED)})(?:\.json)?$", pages.closed),
    ]


@hookimpl
def prepare_connection(conn: Any) -> None:
    """Datasette never writes to a projection."""
    from review.store.reading import protect

    protect(conn)


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    """The words of our templates, and links to our pages."""
    from review import i18n, pages

    env.globals.update(
        _=i18n.gettext,
        gettext=i18n.gettext,
        ngettext=i18n.ngettext,
        mission_url=pages.mission_url,
        observation_url=pages.observation_url,
    )


@hookimpl
def forbidden(datasette: Any, request: Any, message: str) -> Any:
    """A plain answer to who may not see a page."""
    from review import pages

    return pages.refused(datasette, request, message)


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """What is not there looks like what is not open, to who may not know."""
    from review import hiding

    return hiding.hide_absence(datasette, request, exception)


@hookimpl
def extra_template_vars(datasette: Any, request: Any, template: str) -> Any:
    """What our templates of Datasette's own pages need."""
    from review import links

    return links.template_values(datasette, request, template)


@hookimpl
def extra_css_urls(datasette: Any) -> Any:
    """Small mends of Datasette's own pages."""
    return [datasette.static("tables.css", plugin="trial-observer")]


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str) -> Any:
    """The label of an observation leads to its page."""
    from review import links

    return links.cell(row, value, column, table, database)


@hookimpl
def row_actions(datasette: Any, database: str, table: str, row: Any) -> Any:
    """From a row to where it is read."""
    from review import links

    return links.row_actions(datasette, database, table, row)


@hookimpl
def asgi_wrapper(datasette: Any) -> Any:
    """Headers that every answer carries, and a limit on guessing passwords."""
    from review.headers import with_headers
    from review.throttle import Throttle

    return lambda app: with_headers(Throttle(app))

"""What all commands of headquarters share: errors in one sentence, and the opened folder."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import click

from review.hub import Hub
from schemas.errors import TrialObserverError

P = ParamSpec("P")
R = TypeVar("R")


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Errors that we know become one sentence and exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except TrialObserverError as error:
            raise click.ClickException(error.message) from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{where}") from error

    return wrapped


@contextmanager
def hub_of(context: click.Context) -> Iterator[Hub]:
    """The headquarters of the folder that the command was given."""
    hub = Hub(context.obj)
    try:
        yield hub
    finally:
        hub.close()

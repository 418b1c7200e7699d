"""Settling: one tap keeps one version of what two people wrote differently."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from observer.conflicts import keep
from observer.views.versions import place
from observer.views.words import workspace

pages = Blueprint("conflicts", __name__)


@pages.post("/conflicts")
def settle() -> Response:
    """Keep one version of a field, as a draft; ``keep`` is ``record/hash/path``."""
    settled = keep_chosen(request.form.get("keep", ""))
    return redirect(settled)


def keep_chosen(choice: str) -> str:
    """Draft the version that a button stands for; gives the page that shows it.

    :raises NoSuchRecord: it is not in conflict any more
    """
    record, _slash, rest = choice.partition("/")
    hash_, _slash, path = rest.partition("/")
    settled = keep(workspace(), record, path, hash_)
    return place(settled.record, settled.path)

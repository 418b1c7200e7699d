"""Pages of the app: load, act, render. No SQL, no rules: those live below."""

from observer.views import (
    attachments,
    cases,
    conflicts,
    headquarters,
    home,
    items,
    joins,
    log,
    observations,
    sheets,
    submit,
    typing,
)

blueprints = (
    home.pages,
    cases.pages,
    observations.pages,
    items.pages,
    log.pages,
    attachments.pages,
    submit.pages,
    conflicts.pages,
    joins.pages,
    headquarters.pages,
    sheets.pages,
    typing.pages,
)

"""Letting nothing that was erased stay in the projected files."""

from sync.log.backup import squeeze
from sync.projection.projector import Projector


def scrub(projector: Projector) -> bool:
    """Make all rows again from the log, and both files anew; nothing erased is in them then.

    :returns: false when a reader did not let go of the old pages in time
    """
    projector.rebuild()
    return all([squeeze(projector.texts), squeeze(projector.facts)])

"""Ordinary tables made from the log, which can be deleted and made again at any time.

Two files: ``<mission>.db`` holds facts and may be queried, ``<mission>_text.db`` holds notes and
log text for readers' pages. Neither is ever written by anything but the projector.
"""

from sync.projection.projector import Projector, paths_of, read_record

__all__ = ["Projector", "paths_of", "read_record"]

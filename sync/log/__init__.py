"""The append-only log of one mission: the truth, of which all tables are projections.

One SQLite file, WAL, ``synchronous=FULL``: what a finished transaction holds survives a power
cut. Changes are inserted, never updated (but for dropping an erased payload). This package stores
and finds; it judges nothing.
"""

from sync.log.feed import Step
from sync.log.log import Entry, Head, Log
from sync.log.registry import Blob, Device
from sync.log.store import connect, told_plainly

__all__ = ["Blob", "Device", "Entry", "Head", "Log", "Step", "connect", "told_plainly"]

"""The fold: what a record says, as a pure function of the set of its changes.

A field's value is what its latest writers in the parents graph say: a writer is latest when no
other writer of the field descends from it. One, or several that agree: the value. Several that
differ: a conflict; the greatest by (``recorded_at`` as an instant, hash) is shown and the others
stay beside it until a change that descends from all of them settles it. A parent that is not here
counts as older than everything. A change that does not count keeps its place in the graph and
gives no value. Order, duplicates and batches cannot matter. No I/O.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sync.change import Change


@dataclass(frozen=True, slots=True)
class Version:
    """One author's word on one field."""

    value: Any
    author: str
    recorded_at: str
    hash: str


@dataclass(slots=True)
class Folded:
    """A record as it stands: values by field path, and for each where it comes from.

    ``conflicts`` holds, for a field with differing latest writers, all versions, the shown one
    first. ``heads`` are the hashes of the changes that no other change of the record names.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Version] = field(default_factory=dict)
    conflicts: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    heads: tuple[str, ...] = ()


class RecordFold:
    """Folds the changes of one record, also one after another.

    Every change has a bit; ``_ancestors[i]`` is the set of bits that change ``i`` descends from.
    """

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes: dict[str, Change] = {}
        self._bit: dict[str, int] = {}
        self._ancestors: list[int] = []
        self._order: list[Change] = []
        self._writers: dict[str, list[int]] = {}
        self._awaited: set[str] = set()
        self._named = 0
        self.result = Folded()
        self._rebuild(changes)

    def add(self, change: Change) -> Folded:
        """Fold one more change; a known one changes nothing."""
        if change.hash in self._changes:
            return self.result
        if change.hash in self._awaited:
            self._rebuild([*self._changes.values(), change])
        else:
            self._place(change)
            self._evaluate(change.set if change.counts else ())
        return self.result

    def _rebuild(self, changes: Iterable[Change]) -> None:
        known = {change.hash: change for change in changes}
        self._changes, self._bit, self._ancestors, self._order = {}, {}, [], []
        self._writers, self._awaited, self._named = {}, set(), 0
        self.result = Folded()
        for change in _parents_first(known):
            self._place(change)
        self._evaluate(self._writers)

    def _place(self, change: Change) -> None:
        index = len(self._order)
        above = 0
        for parent in change.parents:
            bit = self._bit.get(parent)
            if bit is None:
                self._awaited.add(parent)
            else:
                above |= self._ancestors[bit] | (1 << bit)
                self._named |= 1 << bit
        self._changes[change.hash] = change
        self._bit[change.hash] = index
        self._ancestors.append(above)
        self._order.append(change)
        if change.counts:
            for path in change.set:
                self._writers.setdefault(path, []).append(index)

    def _evaluate(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._evaluate_field(path)
        self.result.heads = tuple(
            sorted(
                change.hash
                for index, change in enumerate(self._order)
                if not self._named >> index & 1
            )
        )

    def _evaluate_field(self, path: str) -> None:
        writers = self._writers[path]
        older = 0
        for index in writers:
            older |= self._ancestors[index]
        latest = [index for index in writers if not older >> index & 1]
        # What an older writer said cannot matter again: descent is never undone.
        self._writers[path] = latest
        changes = [self._order[index] for index in latest]
        if len(changes) > 1:
            changes.sort(key=lambda change: (change.instant, change.hash), reverse=True)
        versions = tuple(_version(change, path) for change in changes)
        shown = versions[0]
        if len(versions) > 1 and len({_canonical(v.value) for v in versions}) > 1:
            self.result.conflicts[path] = versions
        else:
            self.result.conflicts.pop(path, None)
        self.result.origins[path] = shown
        if shown.value is None:
            self.result.values.pop(path, None)
        else:
            self.result.values[path] = shown.value


def fold(changes: Iterable[Change]) -> Folded:
    """The record that these changes, all of one record, make."""
    return RecordFold(changes).result


def _version(change: Change, path: str) -> Version:
    return Version(change.set[path], change.author, change.recorded_at, change.hash)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _parents_first(known: dict[str, Change]) -> list[Change]:
    """The changes so that each comes after those of its parents that are here.

    A hash covers the hashes of its parents, so there is no cycle.
    """
    ordered: list[Change] = []
    done: set[str] = set()
    for start in sorted(known):
        stack = [start]
        while stack:
            name = stack[-1]
            if name in done:
                stack.pop()
                continue
            waiting = [p for p in known[name].parents if p in known and p not in done]
            if waiting:
                stack.extend(waiting)
            else:
                done.add(name)
                ordered.append(known[stack.pop()])
    return ordered

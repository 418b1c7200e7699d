"""What two people made twice: ``same_as`` joins records, reversibly; ids in the log never change.

Rows keep their own ids; where a row names a case, a hearing or a person, it names the one that all
joined ones lead to, so that paths and counts follow.
"""

from collections.abc import Callable, Iterable

from sync.projection.rows import Record, Rows

JOINED = {"case_id": "case", "hearing_id": "hearing", "person_id": "person"}
Find = Callable[[str, str], Record | None]


class Joins:
    """Follows ``same_as`` from record to record.

    :param find: a folded record by id and kind
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._roots: dict[str, str] = {}

    def root(self, record: str, kind: str) -> str:
        """The record that this one leads to; itself when it is joined to nothing.

        Of a circle, which two people may make without knowing of each other, the least id.
        """
        found = self._roots.get(record)
        if found is None:
            found = self._roots[record] = self._follow(record, kind)
        return found

    def _follow(self, record: str, kind: str) -> str:
        way = [record]
        while True:
            here = self._find(way[-1], kind)
            following = here.values.get("same_as") if here else None
            if not isinstance(following, str) or self._find(following, kind) is None:
                return way[-1]
            if following in way:
                return min(way[way.index(following) :])
            way.append(following)

    def same_as(self, record: str, kind: str) -> str | None:
        """The record that this one counts as, ``None`` when it counts itself."""
        root = self.root(record, kind)
        return root if root != record else None

    def apply(self, rows: Rows) -> None:
        """Let the rows name what their cases, hearings and persons lead to."""
        for table in rows.tables.values():
            for column, kind in JOINED.items():
                if table and column in table[0]:
                    named = {row[column] for row in table if row[column]}
                    moved = {one: root for one in named if (root := self.root(one, kind)) != one}
                    for row in table if moved else ():
                        row[column] = moved.get(row[column], row[column])

    def counted(self, records: Iterable[Record]) -> list[Record]:
        """Of records of one kind, those that count themselves."""
        return [one for one in records if self.same_as(one.id, one.kind) is None]

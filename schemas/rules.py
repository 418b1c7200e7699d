"""What an observation still lacks, what in it does not fit, and what cannot wait.

The one place that says whether an observation may be submitted. It never says whether a trial was
fair, and it changes no record. ``schemas/vectors/rules.json`` holds examples with their results.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.checklist import Checklist
from schemas.consistency import Problem, Scene, find_problems
from schemas.relevance import Record, Relevance, Target, attendance_of, persons_of_kind

__all__ = ["Assessment", "Problem", "Progress", "Target", "assess"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of targets of one section: answered, all that are asked, and contradictions."""

    answered: int
    total: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """The state of an observation against its checklist.

    ``sections`` has every section of the checklist by id; ``critical`` holds the answered targets
    that go to headquarters the same day.
    """

    targets: tuple[Target, ...]
    missing: tuple[Problem, ...]
    inconsistent: tuple[Problem, ...]
    sections: Mapping[str, Progress]
    critical: tuple[Target, ...]

    def blocking(self, observation: Record) -> tuple[Problem, ...]:
        """Problems that the observer gave no reason for under ``overrides/<key>``."""
        return tuple(
            problem
            for problem in self.missing + self.inconsistent
            if not _has_reason(observation.get(f"overrides/{problem.key}"))
        )


def assess(
    checklist: Checklist,
    case: Record,
    hearing: Record,
    persons: Sequence[Record],
    observation: Record,
) -> Assessment:
    """Judge one observation by the checklist it names.

    ``persons`` are flat records with ``id``, ``role`` and ``code``, without the withdrawn ones.
    """
    targets = Relevance(checklist, case, persons, observation).targets()
    inconsistent = find_problems(Scene(checklist, hearing, persons, observation, targets))
    return Assessment(
        targets=targets,
        missing=tuple(_missing(targets, persons, observation)),
        inconsistent=inconsistent,
        sections=_progress(checklist, targets, inconsistent),
        critical=tuple(t for t in targets if _is_critical(checklist, t)),
    )


def _missing(
    targets: Sequence[Target], persons: Sequence[Record], observation: Record
) -> Iterator[Problem]:
    attendance = attendance_of(observation)
    if attendance in ("not_held", "not_admitted"):
        return
    if not persons_of_kind(persons, "accused"):
        yield Problem("no_accused", "case.accused_count")
    for target in targets:
        if target.state == "unanswered":
            yield Problem("unanswered", target.item, target.person)


def _progress(
    checklist: Checklist, targets: Sequence[Target], problems: Sequence[Problem]
) -> dict[str, Progress]:
    answered = Counter(t.item for t in targets if t.state == "answered")
    asked = Counter(t.item for t in targets if t.state != "not_asked")
    flagged = Counter(problem.item for problem in problems)
    return {
        section.id: Progress(*(sum(of[item.id] for item in section.items) for of in counts))
        for counts in [(answered, asked, flagged)]
        for section in checklist.sections
    }


def _has_reason(override: object) -> bool:
    reason = override.get("reason") if isinstance(override, Mapping) else None
    return isinstance(reason, str) and bool(reason.strip())


def _is_critical(checklist: Checklist, target: Target) -> bool:
    critical_on = checklist.items[target.item].critical_on
    return target.state == "answered" and any(v in critical_on for v in target.values)

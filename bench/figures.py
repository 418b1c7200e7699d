"""Figures of one run: flat, the unit in each name. Judges nothing."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Figures and ratios by name, and notes on what was or could not be measured."""

    figures: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: float) -> None:
        """One figure under a name that ends in its unit."""
        self.figures[name] = round(value, 3)

    def spread(self, name: str, values: Sequence[float]) -> None:
        """The median of several rounds, with the least and the greatest beside it."""
        self.put(name, statistics.median(values))
        self.put(f"{name}_min", min(values))
        self.put(f"{name}_max", max(values))

    def ratio(self, name: str, of: str, to: str) -> None:
        """One figure divided by another of the same run."""
        self.ratios[name] = round(self.figures[of] / self.figures[to], 3)

    def ratio_spread(self, name: str, of: Sequence[float], to: Sequence[float]) -> None:
        """The median of the ratios of each round, with the least and the greatest beside it."""
        each = [one / other for one, other in zip(of, to, strict=True)]
        for end, value in (("", statistics.median(each)), ("_min", min(each)), ("_max", max(each))):
            self.ratios[f"{name}{end}"] = round(value, 3)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]

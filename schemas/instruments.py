"""Instruments and their provisions: where a standard comes from. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provision:
    """A numbered provision and its gist: a short neutral paraphrase, not the text.

    ``checked`` says how the numbering was confirmed; what is ``needs_checking`` is kept and never
    shown as authority.
    """

    ref: str
    gist: str
    checked: str

    @property
    def is_authority(self) -> bool:
        """Whether it may be shown as the source of a standard."""
        return self.checked != "needs_checking"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A treaty, declaration, body of principles or general comment."""

    key: str
    title: str
    body: str
    year: int | None
    kind: str
    regions: tuple[str, ...]
    provisions: tuple[Provision, ...]


@dataclass(frozen=True, slots=True)
class Authority:
    """A provision as shown beside a question."""

    instrument: str
    ref: str
    gist: str
    is_authority: bool

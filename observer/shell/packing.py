"""All sections in one file, so that the worker fetches them at once and half as many bytes travel.

What a question repeats (where its answer lies, its wording) stands once, and marks in the text say
where it belongs: gzip then finds the questions of a kind alike. ``sw.js`` undoes it and checks the
hash of every section as if it had come by itself.
"""

import re
from typing import Final

# Characters that Unicode leaves to private use, which no wording has; one for each thing repeated.
FIRST_MARK: Final = 0xE000
_MARKS: Final = re.compile("[\ue000-\ue00f]")
_QUESTION: Final = re.compile(
    r'<section class="question" data-item="(?P<item>[^"]+)" data-code="(?P<code>[^"]+)">.*?'
    r"<span data-wording>(?P<wording>[^<]+)</span>",
    re.DOTALL,
)
Packed = list[list[str]]


def pack(text: str) -> Packed:
    """The pieces of a section: each a text with marks, then what they stand for.

    :raises ValueError: the text has marks of its own
    """
    if _MARKS.search(text):
        raise ValueError("a wording holds characters of private use")
    starts = [match.start() for match in _QUESTION.finditer(text)]
    pieces = [text[a:b] for a, b in zip([0, *starts], [*starts, len(text)], strict=True)]
    return [_pack(piece) for piece in pieces if piece]


def _pack(piece: str) -> list[str]:
    found = _QUESTION.match(piece)
    if found is None:
        return [piece]
    values = [found["item"], found["code"], found["wording"]]
    for number, value in enumerate(values):
        piece = piece.replace(value, chr(FIRST_MARK + number))
    return [piece, *values]


def unpack(packed: Packed) -> str:
    """The section again, as the worker makes it."""
    return "".join(_unpack(*piece) for piece in packed)


def _unpack(piece: str, *values: str) -> str:
    return _MARKS.sub(lambda mark: values[ord(mark[0]) - FIRST_MARK], piece)

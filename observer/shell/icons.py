"""The app's icon: lines of a notebook's page. Nothing that says what is noted."""

import io
from typing import Final

from PIL import Image, ImageDraw

from observer.shell.files import PNG, ShellFile

SIZES: Final = (192, 512)  # pixels
PAPER, INK, GROUND = 0, 1, 2
COLOURS: Final = (251, 250, 247, 29, 35, 39, 89, 99, 107)
# In hundredths of the side: the page, then its lines. All lies within the circle that a maskable
# icon may be cut to (a radius of 40).
PAGE: Final = (28, 22, 72, 78)
LINES: Final = ((36, 36, 64), (36, 48, 64), (36, 60, 54))
STROKE: Final = 4


def icons() -> dict[str, ShellFile]:
    """The icons by file name: two sizes, and one that a system cuts to its own shape."""
    found = {f"icon-{size}.png": _icon(size, rounded=True) for size in SIZES}
    found["icon-maskable.png"] = _icon(512, rounded=False)
    return found


def _icon(side: int, *, rounded: bool) -> ShellFile:
    image = Image.new("P", (side, side), GROUND)
    image.putpalette([*COLOURS, 0, 0, 0])
    draw = ImageDraw.Draw(image)
    if rounded:
        draw.rectangle((0, 0, side, side), fill=3)
        draw.rounded_rectangle((0, 0, side - 1, side - 1), side // 6, fill=GROUND)
    left, top, right, bottom = (part * side // 100 for part in PAGE)
    draw.rounded_rectangle((left, top, right, bottom), side // 40, fill=PAPER)
    for start, height, end in LINES:
        y = height * side // 100
        draw.rectangle(
            (start * side // 100, y, end * side // 100, y + STROKE * side // 100), fill=INK
        )
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True, **({"transparency": 3} if rounded else {}))
    return ShellFile(out.getvalue(), PNG)

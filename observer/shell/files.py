"""A file of the shell: its bytes as a browser gets them, and what is said about them."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
MANIFEST: Final = "application/manifest+json"
SCRIPT: Final = "text/javascript; charset=utf-8"
STYLE: Final = "text/css; charset=utf-8"
PNG: Final = "image/png"


@dataclass(frozen=True)
class ShellFile:
    """One file: content and media type. What follows from the content is made once."""

    body: bytes
    type: str

    @cached_property
    def sha256(self) -> str:
        """Hash of the content, as the worker checks it."""
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def packed(self) -> bytes | None:
        """The content as gzip; ``None`` where that would not be smaller."""
        made = gzip.compress(self.body, 9, mtime=0)
        return made if len(made) < len(self.body) else None

    @property
    def transferred(self) -> int:
        """Bytes of the body on the wire."""
        return len(self.packed or self.body)

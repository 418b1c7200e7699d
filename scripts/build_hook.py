"""Hatchling's build hook: the wheel carries compiled translation catalogues.

The ``.po`` files are kept in git, the ``.mo`` files are not. An installation in place (``make
setup``) runs the hook too.
"""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]  # generic only in newer ones
    """Compiles the catalogues before hatchling collects the files of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; ``version`` is ``standard`` or ``editable`` and makes no difference."""
        path = Path(self.root) / "scripts" / "catalogues.py"
        spec = importlib.util.spec_from_file_location("catalogues", path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        catalogues = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(catalogues)
        catalogues.compile_all()

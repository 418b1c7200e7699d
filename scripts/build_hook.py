"""Hatchling's build hook: the wheel carries compiled catalogues and the bundled offline client.

The ``.po`` files and the client's modules are kept in git, what is made from them is not. An
installation in place (``make setup``) runs the hook too, and bundles the client itself.
"""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # generic only in newer ones
    """Makes what is not in git before hatchling collects the files of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues; for a wheel, bundle the client too.

        :param version: ``standard`` or ``editable``
        """
        self._script("catalogues").compile_all()
        if version == "standard":
            self._script("client").build()

    def _script(self, name: str) -> Any:
        path = Path(self.root) / "scripts" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        return script

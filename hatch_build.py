"""The hook of the wheel's build: it builds the recorder and the pages, so that whoever installs needs no Node.js."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface):
    """Builds what browsers load before it is packed; a checkout that is installed in place builds when it is run."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless this is an installation in place."""
        if version != "editable":
            build = runpy.run_path(str(Path(self.root) / "service" / "web" / "build.py"))
            build["build"](self.app.display_info)

"""
What pyproject.toml cannot say: the plugin's folder, the samples that travel inside the package, and what is in C.

``package_dir`` is spelled out, since with the default flat layout an editable install serves the packages through an
import hook, and Twisted finds no plugin there. Spelled out, it puts this whole folder on the path. Mapping ``games``
through ``package_dir`` would bring the hook back, so `BuildWithSamples` copies it.

What is in C needs epoll, and is left out where it cannot be compiled.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
COPIES = {"games": "gameserver/_games", "clients/js": "gameserver/web/static"}
"""Folder of the checkout to its place in the built package."""

COMPRESSED = "gameserver/web/_compressed"
"""Where the forms of pages' files are in the built package, see `gameserver.web.compressed`."""

NOT_SHIPPED = shutil.ignore_patterns(
    *("__pycache__", "*.py[co]", "test_*", "*.test.*", "test", "tests"),
    *("src", "node_modules", "package*.json", "tsconfig*.json", "*.config.mjs"),
)


class BuildWithSamples(build_py):
    """Builds the package with sample games, JavaScript client and compressed files; an editable install needs none."""

    def run(self) -> None:
        """Build as usual, then copy; what an earlier build left behind goes first."""
        for target in self._targets().values():
            shutil.rmtree(target, ignore_errors=True)
        super().run()
        for source, target in self._targets().items():
            shutil.copytree(source, target, ignore=NOT_SHIPPED, dirs_exist_ok=True)
        if not self.editable_mode:
            self._compress()

    def _compress(self) -> None:
        """Compress what browsers load, in every way that they take."""
        where = spec_from_file_location("compressing", HERE / "gameserver/web/compressing.py")
        compressing = module_from_spec(where)
        where.loader.exec_module(compressing)
        folder = Path(self.build_lib, COMPRESSED)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        built = [Path(self.build_lib, place) for place in ("gameserver/web/static", "gameserver/_games")]
        compressing.store([path for place in built for path in sorted(place.rglob("*")) if path.is_file()], folder)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Name every file that `run` writes, for the commands which ask."""
        targets = [*self._targets().values(), *([] if self.editable_mode else [Path(self.build_lib, COMPRESSED)])]
        copied = [str(file) for target in targets for file in target.rglob("*") if file.is_file()]
        return [*super().get_outputs(include_bytecode), *copied]

    def _targets(self) -> dict[Path, Path]:
        if self.editable_mode:
            return {}
        return {HERE / a: Path(self.build_lib, b) for a, b in COPIES.items() if (HERE / a).is_dir()}


setup(
    package_dir={"": "."},
    packages=[*find_packages(include=["gameserver", "gameserver.*"]), "twisted.plugins"],
    package_data={
        "gameserver": ["py.typed"],
        "gameserver.web": ["static/*", "static/**/*"],
        "gameserver.django": ["static/**/*", "templates/**/*"],
    },
    cffi_modules=["gameserver/websocket/native_build.py:ffibuilder"] if sys.platform == "linux" else [],
    cmdclass={"build_py": BuildWithSamples},
)

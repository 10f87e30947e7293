"""
What tests need beside Python: programs of the system, and what `make needs` fetches.

Where something is missing, a test that needs it is skipped and says CANNOT RUN; with ``CI=true`` it fails.
"""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final, NoReturn

from twisted.trial.unittest import FailTest, SkipTest

FOLDERS: Final = (str(Path(sys.executable).parent), "/usr/local/sbin", "/usr/sbin")
"""Where programs are that are not on everybody's path: this environment's own, and Debian's servers."""


def cannot_run(tests: str, why: str) -> NoReturn:
    """
    Skip the test that calls this, or fail it where everything must run.

    :param tests: what cannot run.
    :param why: what is missing, and what would install it.
    """
    text = f"CANNOT RUN: {tests}: {why}"
    raise FailTest(text) if os.environ.get("CI") == "true" else SkipTest(text)


def program(name: str, tests: str, *, instead: str = "", package: str = "") -> str:
    """
    :param name: of a command.
    :param tests: what needs it.
    :param instead: of a command that does as well.
    :param package: Debian's, where it has another name.
    :returns: where it is.
    :raises SkipTest: it is not there, see `cannot_run`.
    """
    path = os.pathsep.join((FOLDERS[0], os.environ.get("PATH", os.defpath), *FOLDERS[1:]))
    found = shutil.which(name, path=path) or (shutil.which(instead, path=path) if instead else None)
    if found is None:
        cannot_run(tests, f"{name} is missing (make needs, or apt-get install {package or name})")
    return found


@functools.cache
def can_compile() -> bool:
    """
    Whether what is in C can be built here: on Linux, with a compiler and Python's headers.

    It alone may be missing where everything must run: without it all is done in Python.
    """
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    command = [*shlex.split(compiler), "-fsyntax-only", "-I", sysconfig.get_path("include"), "-x", "c", "-"]
    try:
        done = subprocess.run(command, input=b"#include <Python.h>\n", capture_output=True, check=False)
    except OSError:
        return False
    return sys.platform == "linux" and done.returncode == 0

"""A package of somebody else's that brings a store, as ``pip install`` lays it out in a folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

SOURCE = '''
    """Keep rooms in a file of Acme's: it is SQLite's, which is nobody's business."""

    from pathlib import Path

    from gameserver.store.sqlite.store import SQLiteStore


    class AcmeStore(SQLiteStore):
        """Ours."""


    def make(context):
        path = context.address.removeprefix("acme:")
        if not path:
            raise context.settings.error("store", "expected acme: and a path")
        return AcmeStore(str(Path(path).absolute()), reactor=context.reactor)
'''


def install(folder: Path, *, package: str = "acme_store", scheme: str = "acme", source: str = SOURCE) -> Path:
    """
    Write the package, and what says that it was installed with its entry point.

    :returns: what has to be on the path.
    """
    about = folder / f"{package}-1.0.dist-info"
    (folder / package).mkdir(parents=True)
    about.mkdir()
    (folder / package / "__init__.py").write_text(dedent(source))
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[gameserver.stores]\n{scheme} = {package}\n")
    return folder

"""
Compares what `sizes` measures in this tree with an older tree: keeps, draws, and writes it into ``docs/speed.rst``.

Figures are kept in ``growth.json``, so that some parts can be measured anew without the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from plots import LINE, OLD, compare
from sizes import PARTS, Part, exponents

HERE: Final = Path(__file__).resolve().parent
KEPT: Final = HERE / "growth.json"
PAGE: Final = HERE.parent / "docs" / "speed.rst"
PLOTS: Final = HERE.parent / "docs" / "growth"
BEGIN: Final = ".. What follows is written by benchmarks/growth.py.\n"
END: Final = ".. What was written by benchmarks/growth.py ends here.\n"
LEAST: Final = 0.001
"""Stands for 0, which has no logarithm."""

Figures = dict[str, list[list[float]]]
"""By part, pairs of size and figure."""


def take(names: Iterable[str], tree: Path, column: str) -> None:
    """
    Measure parts of the server in a tree, each in a process of its own, and keep the figures.

    :param column: ``before`` or ``after``.
    """
    for name in names:
        command = [sys.executable, str(HERE / "sizes.py"), name, "--json"]
        env = os.environ | {"PYTHONPATH": str(tree.resolve())}
        told = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE)
        print(f"{column}: {told.stdout.decode().strip()}", flush=True)
        kept = read()
        kept.setdefault(column, {}).update(json.loads(told.stdout))
        KEPT.write_text(_as_text(kept))


def read() -> dict[str, Figures]:
    """:returns: what is kept, by column."""
    kept: dict[str, Figures] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return kept


def tell() -> None:
    """Draw all that is kept, and write the table of the page anew."""
    PLOTS.mkdir(exist_ok=True)
    kept = read()
    before, after = kept.get("before", {}), kept.get("after", {})
    rows = []
    for name, part in PARTS.items():
        if name not in after:
            continue
        columns = [(column, colour, kept_.get(name, [])) for column, colour, kept_ in
                   (("before", OLD, before), ("after", LINE, after))]  # fmt: skip
        lines = [
            (column, colour, [(x, max(y, LEAST)) for x, y in points]) for column, colour, points in columns if points
        ]
        (PLOTS / f"{name}.svg").write_text(compare(part.title, part.unit, lines))
        rows.append(_row(name, part, before.get(name, []), after[name]))
    head = [".. list-table::", "   :header-rows: 1", "", *_cells("What", "Sizes", "Before", "After", "Plot")]
    page = PAGE.read_text()
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    table = "\n".join(line for row in (head, *rows) for line in row)
    PAGE.write_text(f"{page[:start]}\n{table}\n\n{page[end:]}")


def _row(name: str, part: Part, before: list[list[float]], after: list[list[float]]) -> list[str]:
    sizes = ", ".join(f"{size:,}" for size, _ in after)
    image = f".. image:: growth/{name}.svg\n          :alt: {part.title}: {part.unit} by size, before and after."
    return _cells(f"{part.title} ({part.unit})", sizes, _told(before), _told(after), image)


def _told(points: list[list[float]]) -> str:
    if not points:
        return "\\-"
    figures = ", ".join(_figure(figure) for _, figure in points)
    grown = exponents([(int(size), figure) for size, figure in points])
    low, high = f"{min(grown):.1f}".replace("-0.0", "0.0"), f"{max(grown):.1f}".replace("-0.0", "0.0")
    return f"{figures}; exponent {low}" + (f" to {high}" if low != high else "")


def _figure(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def _cells(*cells: str) -> list[str]:
    return [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(cells)]


def _as_text(kept: dict[str, Figures]) -> str:
    """:returns: JSON with a line for each part."""
    columns = []
    for column, figures in sorted(kept.items()):
        order = [name for name in PARTS if name in figures]
        rounded = {name: [[size, round(figure, 4)] for size, figure in figures[name]] for name in order}
        parts = ",\n".join(f"  {json.dumps(name)}: {json.dumps(points)}" for name, points in rounded.items())
        columns.append(f" {json.dumps(column)}: {{\n{parts}\n }}")
    return "{\n" + ",\n".join(columns) + "\n}\n"

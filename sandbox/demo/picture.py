"""The live table of a running `make run` as a picture, for the README."""

import io
from pathlib import Path

from rich.console import Console

from sandbox.demo import load, table, view

WIDTH = 132


def export(file: Path) -> None:
    """Write the table as it is now to `file` (SVG). Reads the running product."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(table.render(view.read(load.demo_clock())))
    file.write_text(console.export_svg(title="make run"), encoding="utf-8")

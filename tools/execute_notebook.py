"""Store the outputs of the notebook in the docs, run on the demo's data.

    python -m papertide demo --out FOLDER
    python -m tools.execute_notebook FOLDER

Warnings are left out, because they name files of the machine that ran it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from domain.week import CLOSE_LAG, Week
from service.cli.demo import LAST_WEEK

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "docs" / "python.ipynb"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every cell of the notebook on a copy of a demo's database, and store what it shows."""
    (data,) = sys.argv[1:] if arguments is None else arguments
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    metadata = deepcopy(notebook.metadata)
    os.environ["PAPERTIDE_NOW"] = (Week.parse(LAST_WEEK).end_at + CLOSE_LAG).isoformat()
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "papertide-data")
        copy.mkdir()
        shutil.copy(Path(data, "papertide.sqlite"), copy)
        NotebookClient(notebook, timeout=300, record_timing=False, resources={"metadata": {"path": folder}}).execute()
    notebook.metadata = metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]
    nbformat.write(notebook, NOTEBOOK)  # type: ignore[no-untyped-call]
    return 0


if __name__ == "__main__":
    sys.exit(main())

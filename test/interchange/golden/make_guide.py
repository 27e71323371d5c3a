"""Executes the first Python program of docs/interchange/pytorch.md as it stands there. See README.md.

    python test/interchange/golden/make_guide.py
"""

import contextlib
import io
import os
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parents[2] / "docs" / "interchange" / "pytorch.md"

if __name__ == "__main__":
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1)
    (FOLDER / "guide").mkdir(exist_ok=True)
    os.chdir(FOLDER / "guide")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, str(PAGE), "exec"), {"__name__": "guide"})
    (FOLDER / "guide" / "program.py").write_text(program)
    (FOLDER / "guide" / "printed.json").write_text(printed.getvalue())

"""A workbook's formulas recalculated: by LibreOffice where it is, and by a few lines of Python."""

import os
import re
import shutil
import subprocess
from math import sqrt

import pytest
from openpyxl import load_workbook

CELL = re.compile(r"(?:'([^']+)'!)?\$?([A-Z]{1,2})\$?(\d+)(?::([A-Z]{1,2})(\d+))?")


def soffice():
    """Return LibreOffice's program, or skip."""
    program = os.environ.get("EQS_SOFFICE") or shutil.which("soffice")
    if not program:
        pytest.skip("LibreOffice (soffice) is not installed")
    return program


def by_libreoffice(path, folder):
    """Return the workbook with the values LibreOffice calculates."""
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [soffice(), "--headless", profile, "--convert-to", "xlsx", "--outdir",
               str(folder / "out"), str(path)]  # fmt: skip
    for _ in range(2):  # the first start may only make the profile
        subprocess.run(command, check=False, capture_output=True, timeout=110)
        if (folder / "out" / path.name).exists():
            break
    return load_workbook(folder / "out" / path.name, data_only=True)


class Recalculated:
    """Values of cells; formulas of the few kinds the sheets use are worked out."""

    def __init__(self, path):
        self.book = load_workbook(path)

    def value(self, sheet, cell):
        """Return the value of a cell."""
        found = self.book[sheet][cell].value
        if not (isinstance(found, str) and found.startswith("=")):
            return found
        words = CELL.sub(lambda match: self._python(sheet, match), found[1:])
        words = words.replace("^", "**")
        words = re.sub(r"(?<![<>=])=(?!=)", "==", words)
        names = {
            "IF": lambda test, yes, no: yes if test else no, "ABS": abs, "SQRT": sqrt,
            "SUM": sum, "AVERAGE": lambda values: sum(values) / len(values),
            "value": self.value, "block": self._block,
        }  # fmt: skip
        return eval(words, {"__builtins__": {}}, names)

    def _python(self, sheet, match):
        other, column, row, last_column, last_row = match.groups()
        name = other or sheet
        if last_row:
            return f"block({name!r}, {column + row!r}, {last_column + last_row!r})"
        return f"value({name!r}, {column + row!r})"

    def _block(self, sheet, first, last):
        return [
            self.value(sheet, cell.coordinate)
            for row in self.book[sheet][f"{first}:{last}"]
            for cell in row
        ]

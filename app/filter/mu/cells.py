"""Rows of a workbook: text stays text, whatever it begins with."""

from collections.abc import Sequence

from openpyxl.worksheet.worksheet import Worksheet


class Formula(str):
    """A live formula; any other text that begins with = is text."""

    __slots__ = ()


def put_row(sheet: Worksheet, values: Sequence[object]) -> int:
    """Append a row and return its number; a name like "=1+1" is written as it reads."""
    sheet.append([str(one) if isinstance(one, str) else one for one in values])
    row = int(sheet.max_row)
    for column, value in enumerate(values, start=1):
        if isinstance(value, str) and not isinstance(value, Formula) and value.startswith("="):
            sheet.cell(row, column).data_type = "s"
    return row

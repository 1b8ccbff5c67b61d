"""A table whose status columns show sign, word and colour of a state."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt

from app import theme
from app.findings_model import AnyIndex, GridModel
from core.findings import State


class StatusModel(GridModel):
    """A plain table; cells of the status columns hold the value of a state.

    Args:
        numeric: Titles of the columns to align to the right.
        status: Titles of the columns that hold states.

    """

    def __init__(self, numeric: Sequence[str], status: Sequence[str] = ("Status",)) -> None:
        super().__init__(numeric=numeric)
        self._status = set(status)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return what a status looks like; the rest as in any table."""
        text = super().data(index, Qt.ItemDataRole.DisplayRole)
        if self._titles[index.column()] not in self._status or not text:
            return super().data(index, role)
        state = State(text)
        shown = {
            Qt.ItemDataRole.DisplayRole: theme.LOOKS[state].word,
            Qt.ItemDataRole.ToolTipRole: theme.LOOKS[state].word,
            Qt.ItemDataRole.DecorationRole: theme.icon(state),
            Qt.ItemDataRole.ForegroundRole: theme.colour(state),
        }
        return shown.get(Qt.ItemDataRole(role))

"""The line above a page of the help while the clinic's limits for it are being read."""

from collections.abc import Callable

from PySide6.QtWidgets import QLabel

from app.background import JOBS

READING = "What the clinic has set is being read; the limits below are those shipped."
NOT_READ = "What the clinic has set was not read; the limits below are those shipped"


class ReadingLine(QLabel):
    """Asks the clinic's tables for a page: their share may be slow, and nobody waits.

    Args:
        in_force: Puts beside the shipped limits of a page what the clinic has set.

    """

    def __init__(self, in_force: Callable[[str], str]) -> None:
        super().__init__()
        self._in_force = in_force
        self._asked = 0
        self.setContentsMargins(8, 0, 8, 0)
        self.setWordWrap(True)
        self.hide()

    def ask(self, text: str, done: Callable[[str], None]) -> None:
        """Hand a page over with what the clinic has set; the line stays while it is not known."""
        self._asked += 1
        mine = self._asked
        self.setText(READING)
        self.show()

        def answered(told: str) -> None:
            if mine == self._asked:
                self.hide()
            done(told)

        def failed(fault: Exception) -> None:
            self.setText(f"{NOT_READ}: {fault}")

        JOBS.start(
            self, "Reading the clinic's limits", lambda _progress: self._in_force(text),
            done=answered, failed=failed,
        )  # fmt: skip

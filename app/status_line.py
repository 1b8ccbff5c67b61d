"""The status line: what is running, how far it is, and a way to stop it."""

from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar

from app.background import JOBS


class StatusLine(QStatusBar):
    """Follow the list of jobs; quiet when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel("Ready")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setMaximumWidth(180)
        self.bar.setTextVisible(False)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self._cancel)
        self.addWidget(self.words, 1)
        self.addPermanentWidget(self.bar)
        self.addPermanentWidget(self.cancel_button)
        JOBS.changed.connect(self._refresh)
        JOBS.progressed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        """Show the newest job: its name, words and share, never those of another one."""
        running = JOBS.running
        self.bar.setVisible(bool(running))
        self.cancel_button.setVisible(bool(running))
        if not running:
            self.words.setText("Ready")
            return
        newest = running[-1]
        others = f" (and {len(running) - 1} more)" if len(running) > 1 else ""
        words = "stopping" if newest.cancelled else newest.words
        self.words.setText(f"{newest.title}{others}" + (f": {words}" if words else ""))
        self.bar.setValue(round(100 * newest.share))

    def _cancel(self) -> None:
        if JOBS.running:
            JOBS.running[-1].cancel()
            self._refresh()

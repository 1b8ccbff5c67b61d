"""The status line: what is running, how far it is, and a way to stop it."""

from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar

from app.background import JOBS, Job


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
        self._followed: Job | None = None
        JOBS.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        running = JOBS.running
        newest = running[-1] if running else None
        self.bar.setVisible(newest is not None)
        self.cancel_button.setVisible(newest is not None)
        if newest is None:
            self._followed = None
            self.words.setText("Ready")
            return
        others = f" (and {len(running) - 1} more)" if len(running) > 1 else ""
        self.words.setText(f"{newest.title}{others}")
        if newest is not self._followed:
            self._followed = newest
            self.bar.setValue(0)
            newest.progressed.connect(self._progress)

    def _progress(self, share: float, words: str) -> None:
        self.bar.setValue(round(100 * share))
        if self._followed is not None and words:
            self.words.setText(f"{self._followed.title}: {words}")

    def _cancel(self) -> None:
        if self._followed is not None:
            self._followed.cancel()
            self.words.setText(f"{self._followed.title}: stopping")

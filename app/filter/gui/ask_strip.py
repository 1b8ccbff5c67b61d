"""A strip that asks for a name and words in place, and tells the answer: no window on top."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from app import theme
from app.background import JOBS, CancelledError
from app.filter.people import printed_name
from app.key_use import room_sequence
from app.settings_store import user_settings
from core.errors import RemedyError
from core.findings import State

PERSON_KEY = "filter/person"


class AskStrip(QStackedWidget):
    """Either a question (who, words, go on or not), or what came of the last one."""

    def __init__(self) -> None:
        super().__init__()
        self._then: Callable[[str, str], None] = lambda _person, _words: None
        self._otherwise: Callable[[str, str], None] = self._then
        self._asked = 0
        self._waiting: tuple[State, str] | None = None
        self._answer_line()
        self._question_line()
        self.setMaximumHeight(self.sizeHint().height())
        escape = QShortcut(room_sequence("question.leave"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._leave)

    def _answer_line(self) -> None:
        self.sign = QLabel()
        self.answer = QLabel()
        # A long sentence must not make the window wider; its tip holds all of it.
        self.answer.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 2, 0, 2)
        row.addWidget(self.sign)
        row.addWidget(self.answer, 1)
        self.addWidget(line)

    def _question_line(self) -> None:
        self.question = QLabel()
        self.person = QLineEdit()
        self.person.setPlaceholderText("Your name")
        self.person.setAccessibleName("Your name")
        self.person.setMaximumWidth(180)
        self.words = QLineEdit()
        self.words.returnPressed.connect(self._go_on)
        self.person.returnPressed.connect(self._go_on)
        self.go_button = QPushButton()
        self.go_button.clicked.connect(self._go_on)
        self.other_button = QPushButton()
        self.other_button.clicked.connect(self._go_otherwise)
        self.leave_button = QPushButton("Cancel")
        self.leave_button.clicked.connect(self._leave)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 2, 0, 2)
        row.addWidget(self.question)
        row.addWidget(self.person)
        row.addWidget(self.words, 1)
        row.addWidget(self.go_button)
        row.addWidget(self.other_button)
        row.addWidget(self.leave_button)
        self.addWidget(line)

    @property
    def asking(self) -> bool:
        """Whether a question stands open."""
        return self.currentIndex() == 1

    def ask(
        self,
        question: str,
        hint: str,
        go: str,
        then: Callable[[str, str], None],
        other: tuple[str, Callable[[str, str], None]] | None = None,
    ) -> None:
        """Ask who, and for words where there is a hint; `then` gets both when the user goes on.

        `other` is the text and the work of a second button, for a question of yes or no. A person
        the clinic's list names signs under the listed name and no other.
        """
        self._then = then
        self._otherwise = other[1] if other is not None else then
        self.other_button.setText(other[0] if other is not None else "")
        self.other_button.setVisible(other is not None)
        self.question.setText(question)
        self.words.clear()
        self.words.setPlaceholderText(hint)
        self.words.setAccessibleName(hint)
        self.words.setVisible(bool(hint))
        self.go_button.setText(go)
        self._take_listed("")
        self.person.setText(str(user_settings().value(PERSON_KEY, "")))
        self.setCurrentIndex(1)
        self._waiting = None
        self._look_who()
        first = self.words if self.person.text() and hint else self.person
        first.setFocus()

    def _look_who(self) -> None:
        """Ask the clinic's list for the login's name; its share may be slow, and nobody waits.

        Whoever goes on before it answers is held to the list all the same, when it is signed.
        """
        self._asked += 1
        mine = self._asked

        def listed(name: str) -> None:
            if self.asking and mine == self._asked and name:
                self._take_listed(name)

        JOBS.start(
            self, "Looking who signs", lambda _progress: _listed_name(), done=listed,
            failed=lambda _fault: None,
        )  # fmt: skip

    def _take_listed(self, name: str) -> None:
        self.person.setReadOnly(bool(name))
        self.person.setToolTip("As the clinic's list of people says" if name else "")
        if name:
            self.person.setText(name)

    def tell(self, state: State, words: str) -> None:
        """Show what came of it, with sign and word; while a question stands open, after it."""
        if self.asking:
            self._waiting = (state, words)
            return
        look = theme.LOOKS[state]
        self.sign.setPixmap(theme.icon(state).pixmap(18, 18))
        word = {State.PASS: "Done", State.INFO: ""}.get(state, look.word)
        self.answer.setText(f"{word}: {words}" if word else words)
        self.answer.setToolTip(words)
        self.answer.setAccessibleName(self.answer.text())
        self.setCurrentIndex(0)

    def tell_fault(self, fault: Exception) -> None:
        """Show why it could not be done, or that the user stopped it."""
        if isinstance(fault, CancelledError):
            self.tell(State.INFO, str(fault))
        elif isinstance(fault, RemedyError):
            self.tell(State.ERROR, f"{fault.what}. {fault.remedy}")
        else:
            self.tell(State.ERROR, f"the program has a fault: {type(fault).__name__}: {fault}")

    def take_back(self, start: str) -> None:
        """Take an answer away that begins so: it does not hold any more."""
        if not self.asking and self.answer.toolTip().startswith(start):
            self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.sign.clear()
        self.answer.clear()
        self.answer.setToolTip("")
        self.answer.setAccessibleName("")
        self._waiting = None
        self.setCurrentIndex(0)

    def _go_otherwise(self) -> None:
        self._then = self._otherwise
        self._go_on()

    def _go_on(self) -> None:
        person, words = self.person.text().strip(), self.words.text().strip()
        if not person:
            self.person.setFocus()
            return
        user_settings().setValue(PERSON_KEY, person)
        self._close()
        self._then(person, words)

    def _leave(self) -> None:
        if self.asking:
            self._close()

    def _close(self) -> None:
        """End the question; what came in meanwhile is told."""
        waiting = self._waiting
        self.clear()
        if waiting is not None:
            self.tell(*waiting)


def _listed_name() -> str:
    """Return the name the clinic's list gives the login; signing itself tells a damaged list."""
    try:
        return printed_name()
    except RemedyError:
        return ""

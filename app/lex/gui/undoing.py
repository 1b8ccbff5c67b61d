"""Steps back and forth in the treatment form: what the user changed, never what was proposed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QApplication

from app.key_use import combines
from app.lex.form_changes import Change, Key, changes, flat, in_words, joined, nested, typed_key
from app.lex.gui.treatment_step import TreatmentStep

TYPING = 1  # Qt merges only commands of one kind


class FormChange(QUndoCommand):
    """One change of the form, with all that followed of it."""

    def __init__(
        self, owner: "Undoing", changed: Mapping[Key, Change], words: str, *, goes_on: bool
    ) -> None:
        super().__init__(words.replace("&", "&&"))  # in a menu one & underlines a letter
        self._owner = owner
        self.changed = dict(changed)
        self.goes_on = goes_on
        self._made = True  # the stack does what is put on it, and this has been done

    def undo(self) -> None:
        """Put back what stood there before."""
        self._owner.put({key: before for key, (before, _) in self.changed.items()})

    def redo(self) -> None:
        """Put in again what was taken back."""
        if not self._made:
            self._owner.put({key: after for key, (_, after) in self.changed.items()})
        self._made = False

    def id(self) -> int:
        """Return that typing may be one step with the typing before; nothing else is."""
        return TYPING if typed_key(self.changed) is not None else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in what was typed on in the same box."""
        if not isinstance(other, FormChange) or not other.goes_on:
            return False
        self.changed = joined(self.changed, other.changed)
        self.setObsolete(not self.changed)
        return True


class Undoing(QObject):
    """Keeps the steps of one form.

    Qt's own undo of a line knows only its letters, and forgets them when a box is filled: while a
    box of the form has the focus, its keys go to the steps of the whole form.
    """

    def __init__(self, step: TreatmentStep) -> None:
        super().__init__(step)
        self.stack = QUndoStack(self)
        self._step = step
        self._known = flat(step.values())
        self._rows = step.row_names()
        self._depth = 0
        self._typing: Key | None = None
        self.last: FormChange | None = None
        self.restoring = False
        step.changed.connect(self.note)
        for box in step.typed_boxes():
            box.installEventFilter(self)
        program = QApplication.instance()
        if isinstance(program, QApplication):
            program.focusChanged.connect(self._end_typing)

    @contextmanager
    def together(self, words: str = "") -> Iterator[None]:
        """Take all that changes inside as one step of the user."""
        with self._held():
            yield
        self.note(words)

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Take what changes inside as given; with other rows in the tables no step stays."""
        self.note()
        with self._held():
            yield
        if not self._depth:
            self._known = flat(self._step.values())
            if self._step.row_names() != self._rows:
                self.clear()

    @contextmanager
    def following(self, change: FormChange | None) -> Iterator[None]:
        """Take what changes inside as part of an earlier step; as given where there is none."""
        self.note()
        with self._held():
            yield
        present = flat(self._step.values())
        changed = changes(self._known, present)
        self._known = present
        if change is not None and changed:
            change.changed = joined(change.changed, changed)

    @property
    def held(self) -> bool:
        """Whether changes are not noted just now."""
        return self._depth > 0

    def clear(self) -> None:
        """Forget all steps: they belong to another plan, or other fields of it."""
        self._rows = self._step.row_names()
        self._known = flat(self._step.values())
        self._typing = None
        self.stack.clear()

    def note(self, words: str = "") -> None:
        """Make a step of what is not as it was."""
        if self._depth:
            return
        present = flat(self._step.values())
        changed = changes(self._known, present)
        if not changed:
            return
        self._known = present
        key = typed_key(changed)
        goes_on = key is not None and key == self._typing
        self.last = FormChange(self, changed, words or in_words(changed), goes_on=goes_on)
        self.stack.push(self.last)
        self._typing = key

    def put(self, entries: Mapping[Key, object]) -> None:
        """Show entries, None for nothing, beside all that stands there, and where they are."""
        whole = nested({**flat(self._step.values()), **entries})
        self.restoring = True
        with self._held():
            self._step.restore(whole)
        self.restoring = False
        self._known = flat(self._step.values())
        self._step.go_to(next(iter(entries)))
        self._typing = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep a box from taking the keys of undo and redo for itself."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and (combines(event, "edit.undo") or combines(event, "edit.redo"))
        ):
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    @contextmanager
    def _held(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _end_typing(self) -> None:
        self._typing = None

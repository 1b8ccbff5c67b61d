"""How a page of the help looks: tables, headings, found words, and scrolling to a heading."""

from collections.abc import Iterator, Sequence

from PySide6.QtGui import (
    QColor,
    QPalette,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QTextEdit

MOST_MARKS = 400
FOUND = ("#ffe08a", "#1b1b1b")
"""Ground and letters of a found word, readable in both schemes (13.6:1)."""
POINTS = {1: 16.0, 2: 12.0, 3: 11.0}
LEAST_LETTERS = 2


def blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    """Yield every paragraph of a document."""
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def headings(document: QTextDocument) -> Iterator[QTextBlock]:
    """Yield the headings that the help book counts: levels 1 to 3."""
    for block in blocks(document):
        if 1 <= block.blockFormat().headingLevel() <= 3:
            yield block


def dress(document: QTextDocument, palette: QPalette) -> None:
    """Give headings, paragraphs and tables sizes, room and lines in the colours of a scheme."""
    line = palette.mid().color()
    whole = QTextCursor(document)
    whole.beginEditBlock()  # laid out once, at its end
    for block in list(blocks(document)):
        if QTextCursor(block).currentTable() is not None:
            continue
        level = block.blockFormat().headingLevel()
        room = QTextBlockFormat()
        if level:
            room.setTopMargin(4 if level == 1 else 18)
            room.setBottomMargin(6)
            letters = QTextCharFormat()
            letters.setFontPointSize(POINTS.get(level, 11.0))
            letters.setFontWeight(600)
            cursor = QTextCursor(block)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.mergeCharFormat(letters)
        else:
            room.setLineHeight(118, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        QTextCursor(block).mergeBlockFormat(room)
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            _dress_table(frame, line, palette)
    whole.endEditBlock()


def _dress_table(table: QTextTable, line: QColor, palette: QPalette) -> None:
    form = table.format()
    form.setBorder(1)
    form.setBorderCollapse(True)
    form.setBorderBrush(line)
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    form.setCellPadding(5)
    form.setCellSpacing(0)
    form.setTopMargin(6)
    form.setBottomMargin(10)
    table.setFormat(form)
    for column in range(table.columns()):
        cell = table.cellAt(0, column)
        ground = cell.format()
        ground.setBackground(palette.alternateBase())
        cell.setFormat(ground)


def highlight(browser: QTextBrowser, words: Sequence[str]) -> None:
    """Mark every place of the words on the page shown; single letters are not marked."""
    look = QTextCharFormat()
    look.setBackground(QColor(FOUND[0]))
    look.setForeground(QColor(FOUND[1]))
    look.setProperty(QTextFormat.Property.FullWidthSelection, False)
    marks: list[QTextEdit.ExtraSelection] = []
    for word in words:
        cursor = QTextCursor(browser.document())
        while len(word) >= LEAST_LETTERS and len(marks) < MOST_MARKS:
            cursor = browser.document().find(word, cursor)
            if cursor.isNull():
                break
            mark = QTextEdit.ExtraSelection()
            mark.cursor = cursor
            mark.format = look
            marks.append(mark)
    browser.setExtraSelections(marks)


def scroll_to_heading(browser: QTextBrowser, number: int) -> None:
    """Bring a heading to the top of the page; 0 is the page's own."""
    bar = browser.verticalScrollBar()
    if number == 0:
        bar.setValue(0)
        return
    for place, block in enumerate(headings(browser.document())):
        if place == number:
            box = browser.document().documentLayout().blockBoundingRect(block)
            bar.setValue(round(box.top()) - 8)
            return

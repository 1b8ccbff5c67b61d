"""Whether the dosimetry book is the one the Filter was commissioned with, by the Filter's log.

Commissioning shows that the check asks (`mu_faults`); that the book is right, measurements show.
"""

from app.filter.ledger_log import recorded
from app.filter.mu.book_read import digest_of, files_of
from app.filter.mu.books import own_book_folder
from core.errors import RemedyError

ACTION, KEY = "commissioning", "book"


def book_in_use() -> str:
    """Return the digest of the book in force; empty when it cannot be read."""
    try:
        return digest_of(files_of(own_book_folder()))
    except RemedyError:
        return ""


def book_state(digest: str) -> str:
    """Return in a sentence how a book stands to the last commissioning that named a book.

    Args:
        digest: Of the book, see `digest_of`.

    """
    named = [entry for entry in recorded(ACTION) if entry.get(KEY)]
    if not named:
        return "No commissioning in the log names a book."
    last = named[-1]
    person = str(last.get("person", "")) or "somebody without a name"
    when = f"of {str(last.get('time', ''))[:10]} by {person}"
    if last[KEY] == digest:
        return f"The commissioning {when} was made with this book."
    return f"Changed since the commissioning {when}: run eqs filter commission again."

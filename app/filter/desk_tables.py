"""What the window shows of the clinic's tables beside a report, read once with the report.

The clinic's share may be slow or hang. So the window's own thread reads no table: whoever opens
an export reads them here, off that thread, and hands them over.
"""

from dataclasses import dataclass

from app.filter.field import Plan
from app.filter.notes_sql import read_sources
from app.filter.people import Meaning, read_record_rules
from app.filter.settings import Settings, read_settings
from core.errors import RemedyError


@dataclass(frozen=True, slots=True)
class DeskTables:
    """Tables as they were when the report was made.

    Attributes:
        settings: Machines for the widths of leaves; None where they cannot be read.
        meanings: Of a signature.
        meanings_fault: Why there are none.
        has_notes_source: Whether the clinic names a database of chart notes.
        notes_fault: Why that is not known.

    """

    settings: Settings | None = None
    meanings: tuple[Meaning, ...] = ()
    meanings_fault: RemedyError | None = None
    has_notes_source: bool = False
    notes_fault: RemedyError | None = None


def read_desk_tables(*plans: Plan | None) -> DeskTables:
    """Read the tables for what is shown of some plans; waits as long as the share does.

    A table that cannot be read is told where it is asked for; it keeps nothing else away.
    """
    settings: Settings | None = None
    meanings: tuple[Meaning, ...] = ()
    no_meanings: RemedyError | None = None
    has_source, no_source = False, None
    try:
        settings = read_settings()
        for plan in plans:
            for field in plan.fields if plan is not None else ():
                settings.machine(field.machine)  # is kept, so that a picture asks no share
    except RemedyError:
        settings = None  # the report has said so; leaves stay without their widths
    try:
        meanings = tuple(read_record_rules().meanings.values())
    except RemedyError as fault:
        no_meanings = fault
    try:
        has_source = bool(read_sources())
    except RemedyError as fault:
        no_source = fault
    return DeskTables(settings, meanings, no_meanings, has_source, no_source)

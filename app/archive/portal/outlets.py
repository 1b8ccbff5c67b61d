"""Where the portal forwards to, and how: the systems named in archive.toml (Y-08)."""

from collections.abc import Sequence

from app.archive.network import caller_of
from app.archive.portal.ask import Forward, Sent
from core.archive.archive import Archive
from core.archive.client_confirm import outgoing_of
from core.archive.forward import send_to
from core.archive.index import Instance
from core.archive.nodes import Kind
from core.archive.settings import read_settings
from core.archive.transfer import GOOD, Effort, Fate


def outlets() -> list[str]:
    """Return the systems that take objects; the file is read anew each time."""
    return [one.title for one in read_settings().nodes if one.port or one.kind is Kind.WEB]


def forwarder(archive: Archive) -> Forward:
    """Return how objects of an archive are sent to one of them; each has its own result."""

    def forward(name: str, wanted: Sequence[Instance]) -> list[Sent]:
        settings = read_settings()
        results = send_to(
            caller_of(settings), settings.node(name), outgoing_of(archive, wanted), Effort()
        )
        # Changed on its way (compression undone, say): it has arrived, and its row says how.
        return [
            Sent(one.sop_uid, one.fate in (*GOOD, Fate.CHANGED), one.why or one.fate.value)
            for one in results
        ]

    return forward

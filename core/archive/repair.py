"""Damaged files brought back from a backup, each only when its content is proven (Y-13).

What came must be, byte for byte, what was received, or have the content our file had while it was
sound. That content is known of every object a mirror has looked at.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.content import content_digest
from core.archive.drill import fetched_apart
from core.archive.index import Instance
from core.archive.ledger import Ledger
from core.archive.nodes import Node
from core.archive.store import chunks_of, digest_of
from core.archive.transfer import GOOD, Effort, Fate, Result
from core.errors import UnreadableFileError

UNKNOWN = "what came has other bytes, and which content was here is not known: import it by hand"
OTHER = "what came has another content than what was here"


def repair(
    ledger: Ledger, caller: Caller, node: Node, effort: Effort | None = None
) -> list[Result]:
    """Bring back every object that is known to be damaged; return one result for each.

    Args:
        ledger: Knows which files the scrub has found damaged.
        caller: How we introduce ourselves.
        node: The backup.
        effort: How hard to try.

    """
    wanted = ledger.damaged()
    if not wanted:
        return []
    means = effort if effort is not None else Effort()
    with (
        TemporaryDirectory(dir=ledger.archive.store.folder, prefix=".repair.") as name,
        fetched_apart(Path(name), caller, node, wanted, means) as (scratch, results),
    ):
        by_uid = {one.sop_uid: one for one in results}
        done = [_mended(ledger, scratch, one, by_uid.get(one.sop_uid)) for one in wanted]
    ledger.damaged()  # lets go of those that are sound again
    return done


def _mended(ledger: Ledger, scratch: Archive, one: Instance, came: Result | None) -> Result:
    found = scratch.index.instances("i.sop_uid = ?", one.sop_uid)
    path = scratch.path_of(found[0]) if found else None
    if came is None or path is None:
        why = came.why if came is not None and came.fate not in GOOD else "it did not come"
        return Result(one.sop_uid, Fate.FAILED, why)
    try:
        if digest_of(path) == one.digest:
            with path.open("rb") as stream:
                ledger.archive.take_in(chunks_of(stream), "repair", "repair")
            ledger.archive.settle()
            return Result(one.sop_uid, Fate.DONE)
        known = ledger.known_content(one.digest)
        if not known or content_digest(path) != known:
            return Result(one.sop_uid, Fate.FAILED, OTHER if known else UNKNOWN)
        ledger.archive.adopt(one, path)
    except UnreadableFileError as problem:
        return Result(one.sop_uid, Fate.FAILED, problem.what)
    except OSError as fault:
        return Result(one.sop_uid, Fate.FAILED, fault.strerror or "it cannot be written")
    return Result(one.sop_uid, Fate.DONE)

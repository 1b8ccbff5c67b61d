"""The archive at work: listener, rules, watched folders, scrub and daily mirror (Y-02 to Y-04)."""

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.forward import SETTLE_S, look_into, run_rules
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.mirror import Mirroring, mirror
from core.archive.settings import ArchiveSettings
from core.archive.transfer import Effort, state_of, summary
from core.errors import RemedyError
from core.findings import State

LOG = logging.getLogger("eqs.archive")
TICK_S = 5.0
SCRUB_EVERY_S = 60.0
# A mirror that could not be reached is tried again after this.
MIRROR_AGAIN_S = 1800.0
NOT_ASKED = "it could not be asked what it has"
# A round is to be over when the next one is due, also where the computer is off at times.
SCRUB_LEAST, SCRUB_HURRY = 50, 2.0


class Service:
    """A running archive; `stop` ends it and everything it does."""

    def __init__(
        self, archive: Archive, settings: ArchiveSettings, tick_s: float = TICK_S
    ) -> None:
        self.archive = archive
        self.settings = settings
        self.ledger = Ledger(archive)
        try:
            self.listener = Listener(archive, settings.listener, self.ledger)
        except BaseException:
            self.ledger.close()
            raise
        self._stop = threading.Event()
        self._tick_s = tick_s
        self._files: dict[Path, dict[Path, tuple[int, int]]] = {}
        self._looked: dict[Path, float] = {}
        self._scrubbed = 0.0
        self._tried: dict[str, float] = {}
        self._forwarded = ""
        self._thread = threading.Thread(target=self._work, name="archive", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end the work under way."""
        self._stop.set()
        self.listener.stop()
        self._thread.join(30.0)
        self.ledger.close()

    def _work(self) -> None:
        while not self._stop.wait(self._tick_s):
            for work in (self._watch, self._forward, self._scrub, self._mirror):
                self._guarded(work)

    def renew(self, settings: ArchiveSettings) -> bool:
        """Go on with other settings; return whether the listener still has its old ones.

        Rules, folders and mirrors hold at once. Another port, another name or other systems that
        are answered hold once the service is started again: what comes in now is not cut off.
        """
        old, self.settings = self.settings, settings
        self._forwarded = ""  # a rule that is new has looked at nobody yet
        return old.listener != settings.listener

    def _guarded(self, work: Callable[[], None]) -> None:
        """Let no fault of one task end the others."""
        try:
            work()
        except (RemedyError, OSError) as problem:
            LOG.error("%s", problem)  # noqa: TRY400  (said in words; no trace)
        except Exception:
            LOG.exception("the program has a fault in %s", work.__name__)

    def _effort(self) -> Effort:
        return Effort(stop=self._stop)

    def _watch(self) -> None:
        for one in self.settings.watched:
            if time.monotonic() - self._looked.get(one.folder, -one.every_s) < one.every_s:
                continue
            self._looked[one.folder] = time.monotonic()
            report, now = look_into(self.ledger, one, self._files.get(one.folder, {}))
            self._files[one.folder] = now
            for taken in report:
                if taken.why:
                    LOG.warning("%s of %s: %s", taken.name, one.folder, taken.why)

    def _forward(self) -> None:
        settings = self.settings
        if not settings.rules:
            return
        begun = datetime.now(UTC) - timedelta(seconds=2 * SETTLE_S)
        done = run_rules(self.ledger, settings, self._effort(), since=self._forwarded)
        if self.settings is settings:
            self._forwarded = begun.isoformat(timespec="milliseconds")
        for rule, results in done.items():
            level = logging.INFO if state_of(results) is State.PASS else logging.ERROR
            LOG.log(level, "rule '%s': %s", rule, summary(results))

    def _scrub(self) -> None:
        if not self.settings.scrub_days or time.monotonic() - self._scrubbed < SCRUB_EVERY_S:
            return
        self._scrubbed = time.monotonic()
        most = scrub_at_once(self.archive.index.count(), self.settings.scrub_days)
        for one in self.ledger.scrub(self.settings.scrub_days, most):
            LOG.error("%s: %s", one.sop_uid, one.what)

    def _mirror(self) -> None:
        """Mirror once a day from its hour on: a computer that is off at night does it later."""
        settings = self.settings
        due = mirror_due(datetime.now().astimezone(), settings.mirror_hour)
        done = {
            one.node: one.at for one in self.ledger.mirrored()
            if not one.words.startswith(NOT_ASKED)
        }  # fmt: skip
        for name in settings.mirrors:
            node = settings.node(name)
            tried = self._tried.get(name, -MIRROR_AGAIN_S)
            if done.get(node.title, "") >= due or time.monotonic() - tried < MIRROR_AGAIN_S:
                continue
            self._tried[name] = time.monotonic()
            caller = Caller(settings.listener.ae_title, settings.listener.tls)
            try:
                report = mirror(self.ledger, caller, node, Mirroring(effort=self._effort()))
            except RemedyError as problem:
                LOG.error("mirror %s: %s", name, problem)  # noqa: TRY400  (said in words)
                words = f"{NOT_ASKED}: {problem.what}"
                self.ledger.note_mirrored(node.title, words, is_equal=False)
            else:
                LOG.log(logging.INFO if report.is_equal else logging.WARNING,
                        "mirror %s: %s", name, report.words())  # fmt: skip


def mirror_due(now: datetime, hour: int) -> str:
    """Return the time since which the mirror should have run (ISO 8601, UTC)."""
    at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if at > now:
        at -= timedelta(days=1)
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def scrub_at_once(objects: int, days: float) -> int:
    """Return how many stored files are read each time, so that all are read in so many days."""
    turns = days * 86400.0 / SCRUB_EVERY_S / SCRUB_HURRY
    return max(SCRUB_LEAST, math.ceil(objects / max(turns, 1.0)))

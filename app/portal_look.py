"""Views for the portal, rendered in a process of their own: a fault there ends no session."""

# ruff: noqa: PLC0415  (the renderer is loaded by the process that draws)

import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from app.archive.portal.ask import Picture, Point
from core.errors import RemedyError
from core.with_parent import end_with_parent

PATIENCE_S = 60.0
SIDE = 720


class Renderer:
    """One process that draws; a new one takes its place when it dies."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def look(self, paths: Sequence[Path], view: str, at_mm: Point | None) -> Picture:
        """Return a view of the files of one set.

        Raises:
            RemedyError: Nothing can be shown, or the drawing took too long or died.

        """
        if self._pool is None:
            # "spawn": a copy of a program with threads is no sound program.
            self._pool = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), initializer=end_with_parent
            )
        try:
            drawn = self._pool.submit(_draw, tuple(paths), view, at_mm).result(PATIENCE_S)
        except (TimeoutError, BrokenProcessPool) as fault:
            self.close()
            raise RemedyError(
                "the picture could not be drawn", where=view, remedy="Try again in a minute."
            ) from fault
        if isinstance(drawn, str):
            raise RemedyError(drawn, where=view, remedy="Open the set in the Viewer.")
        return drawn

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            for process in list(self._pool._processes.values()):  # noqa: SLF001  (no public way)
                process.terminate()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _draw(paths: Sequence[Path], view: str, at_mm: Point | None) -> Picture | str:
    """Draw in the other process; a refusal comes back as its sentence."""
    from app.viewer.planes import Orientation
    from app.viewer.render import Wanted, render

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "view.png"
        wanted = Wanted(Orientation(view), at_mm, (SIDE, SIDE))
        try:
            done = render(paths, out, wanted)
        except RemedyError as fault:
            return fault.what
        return Picture(out.read_bytes(), done.at_mm, done.left_out, done.structures)

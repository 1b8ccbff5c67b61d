"""The steps of the self-test, in their order.

Each loads its part of the program when it is its turn, in its own process: what cannot even be
loaded is one red row.
"""

# ruff: noqa: PLC0415  (see above)

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        work: Is given the folder of the self-test and returns one sentence.
        needs: Names of the steps whose files it uses.

    """

    name: str
    title: str
    work: Callable[[Path], str]
    needs: tuple[str, ...] = ()


def _installed(folder: Path) -> str:
    from app.selftest.installed import installed_files

    return installed_files(folder)


def _tables(folder: Path) -> str:
    from app.selftest.installed import tables

    return tables(folder)


def _demonstration(folder: Path) -> str:
    from app.selftest.clinical import demonstration

    return demonstration(folder)


def _lex(folder: Path) -> str:
    from app.selftest.clinical import lex

    return lex(folder)


def _filter(folder: Path) -> str:
    from app.selftest.clinical import checker

    return checker(folder)


def _mu(folder: Path) -> str:
    from app.selftest.clinical import mu

    return mu(folder)


def _workers(folder: Path) -> str:
    from app.selftest.clinical import workers

    return workers(folder)


def _dvh(folder: Path) -> str:
    from app.selftest.clinical import dvh

    return dvh(folder)


def _archive(folder: Path) -> str:
    from app.selftest.loop_back import loop_back

    return loop_back(folder)


def _portal(folder: Path) -> str:
    from app.selftest.portal import portal

    return portal(folder)


def _picture(folder: Path) -> str:
    from app.selftest.window import picture

    return picture(folder)


def _pages(folder: Path) -> str:
    from app.selftest.window import pages

    return pages(folder)


STEPS = (
    Step("installed", "Installed files", _installed),
    Step("tables", "Tables", _tables),
    Step("demonstration", "Demonstration", _demonstration),
    Step("lex", "LEX", _lex, ("demonstration",)),
    Step("filter", "Filter", _filter, ("demonstration", "lex")),
    Step("mu", "Monitor units", _mu, ("demonstration", "lex")),
    Step("workers", "Worker processes", _workers, ("demonstration",)),
    Step("dvh", "DVH", _dvh, ("demonstration",)),
    Step("archive", "Archive loop-back", _archive, ("demonstration",)),
    Step("portal", "Portal", _portal, ("archive",)),
    Step("picture", "Slices", _picture, ("demonstration",)),
    Step("pages", "Pages", _pages, ("demonstration",)),
)
NAMES = tuple(step.name for step in STEPS)

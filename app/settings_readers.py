"""Every reader of a clinic's table, asked one by one: what it says of some layers.

The name of a reader is the tables it reads. Each room keeps its own; here they are only called.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from app.filter.baseline_expected import read_expected
from app.filter.film.rule import read_rule
from app.filter.ledger_names import PARTS, RULES, name_by_rule
from app.filter.limits import read_limits
from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC, own_book_folder
from app.filter.mu.electron_density import density_curve
from app.filter.notes import read_rules as read_notes
from app.filter.notes_sql import read_sources
from app.filter.people import read_record_rules
from app.filter.rules import read_rules
from app.filter.settings import read_settings
from app.filter.srs_rules import read_srs_rules
from app.filter.tbi import read_tbi_templates
from app.filter.tbi_dose import read_tbi_dose
from app.lex.checks.own import own_checks
from app.lex.copies import read_limits as read_copies
from app.lex.limits import read_limits as read_lex_limits
from app.lex.rv_systems import read_rv_system, rv_system_ids
from app.lex.servers import read_servers
from core.archive.settings import read_settings as read_archive
from core.dose.constraints import templates_in_force
from core.dose.gamma_presets import read_presets
from core.errors import ClinicFileError, RemedyError
from core.layers import Layers, on_trial, own_files
from core.machines import read_machine

OF_SETTINGS = " ".join(
    f"filter/{name}.toml" for name in ("machine_names", "tolerance_tables", "sites", "cone_beam")
)


def faults(layers: Layers, *, book: bool = True) -> dict[str, ClinicFileError]:
    """Return what is wrong with the tables of some layers, by the reader that says so.

    Args:
        layers: To be read.
        book: Whether the dosimetry book is read too, which takes the longest.

    """
    found: dict[str, ClinicFileError] = {}
    with on_trial(layers):
        for name, read in _readers(layers, book=book):
            try:
                read()
            except RemedyError as fault:
                found[name] = ClinicFileError(fault.what, where=fault.where, remedy=fault.remedy)
            except ValueError as fault:
                found[name] = ClinicFileError(
                    f"the table cannot be used: {fault}", where=name, remedy="Correct the value."
                )
    return found


def _readers(layers: Layers, *, book: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every reader; one of a folder of files once for each file of the clinic."""
    yield from _of_files(layers)
    simple: tuple[tuple[str, Callable[[], object]], ...] = (
        ("tolerances.toml", lambda: read_limits(*own_files(layers, "tolerances.toml"))),
        ("filter/rules.toml", lambda: read_rules(*own_files(layers, "filter/rules.toml"))),
        (OF_SETTINGS, lambda: read_settings(layers)),
        ("lex_limits.toml", lambda: read_lex_limits(layers)),
        ("lex_rules.toml", lambda: own_checks(layers)),
        ("gamma/presets.toml", read_presets),
        ("filter/film.toml", read_rule),
        ("filter/file_names.toml", _file_names),
        ("filter/baseline.toml", read_expected),
        ("filter/record.toml", read_record_rules),
        ("filter/notes.toml", lambda: (read_notes(), read_sources())),
        ("filter/srs.toml", lambda: read_srs_rules(layers)),
        ("filter/tbi.toml", lambda: (read_tbi_templates(layers), read_tbi_dose(layers))),
        ("electron_density.toml", density_curve),
        ("archive.toml", read_archive),
        ("servers.toml", read_servers),
        ("copies.toml", read_copies),
    )  # fmt: skip
    yield from simple
    if book:
        yield "dosimetry_book", _book


def _of_files(layers: Layers) -> Iterator[tuple[str, Callable[[], object]]]:
    for name in _listed(layers, "machines"):
        stem = Path(name).stem
        yield f"machines/{name}", partial(read_machine, stem, layers)
    for name in _listed(layers, "nomenclature"):
        stem = Path(name).stem
        yield f"nomenclature/{name}", partial(read_rv_system, stem, layers)
    for stem in rv_system_ids():
        yield f"rv_systems/{stem}", partial(read_rv_system, stem, layers)
    names = " ".join(f"constraints/{name}" for name in _listed(layers, "constraints"))
    yield names or "constraints", templates_in_force


def _listed(layers: Layers, folder: str) -> tuple[str, ...]:
    """Return the clinic's files of a folder; none while a layer is away, which others tell."""
    try:
        return tuple(layers.listing(folder))
    except ClinicFileError:
        return ()


def _file_names() -> None:
    for rule in RULES:
        name_by_rule(rule, dict.fromkeys(PARTS, "x"))


def _book() -> None:
    folder = own_book_folder()
    if folder != GENERIC:
        open_book(folder)

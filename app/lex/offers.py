"""What the form offers to choose from: the machine's own lists, the R&V system's names (L-05)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.lex.nomenclature import Nomenclature
from app.lex.plan import Beam
from app.lex.rv_systems import read_rv_system
from core.layers import own_layers
from core.machine_values import Listed
from core.machines import Machine, read_machine


@dataclass(frozen=True, slots=True)
class Offer:
    """A list to choose from.

    Attributes:
        values: What stands in the list.
        closed: Whether nothing else can be entered.

    """

    values: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Offers:
    """The lists of one form.

    Attributes:
        dose_rates: MU/min as text.
        tolerance_tables: Number and name, e.g. "2 Pelvis".
        names: Everything the R&V system calls by a name of its own.

    """

    machines: Offer = Offer()
    techniques: Offer = Offer()
    dose_rates: Offer = Offer()
    tolerance_tables: Offer = Offer()
    names: Nomenclature = field(default_factory=Nomenclature)


@dataclass(frozen=True, slots=True)
class Described:
    """What the lists are made of, as the clinic's folders hold it.

    Attributes:
        names: Of the R&V system, the clinic's map put over them.
        machine: None where no type is chosen.

    """

    names: Nomenclature
    machine: Machine | None


def described(rv_system: str, machine_type: str | None) -> Described:
    """Read the descriptions; waits as long as the clinic's share does.

    Args:
        rv_system: Where the file goes.
        machine_type: The machine chosen; None for none.

    Raises:
        ClinicFileError: A description or the clinic's map cannot be used.

    """
    names = read_rv_system(rv_system, own_layers()).names
    machine = None if machine_type is None else read_machine(machine_type, own_layers())
    return Described(names, machine)


def offers_of(read: Described, beams: Iterable[Beam]) -> Offers:
    """Return what there is to choose from.

    Args:
        read: From `described`.
        beams: Beams that will be written; their kinds decide which dose rates there are.

    """
    names, machine = read.names, read.machine
    called = dict.fromkeys(names.machines.names.values())
    tables = [f"{number} {words}" for number, words in sorted(names.tolerance_tables.items())]
    return Offers(
        machines=Offer(tuple(called), bool(called) and not names.machines.as_planned),
        techniques=Offer(tuple(dict.fromkeys(names.techniques.names.values()))),
        dose_rates=Offer() if machine is None else _dose_rates(machine, beams),
        tolerance_tables=Offer(tuple(tables), bool(tables)),
        names=names,
    )


def _dose_rates(machine: Machine, beams: Iterable[Beam]) -> Offer:
    """Return the rates the description states for beams of these kinds."""
    rates = machine.dose_rates
    lists: dict[str, Listed[float]] = {}
    for beam in beams:
        if beam.modality == "Elect":
            lists["electrons"] = rates.electron_mu_min
        elif beam.fff:
            lists["unflattened"] = rates.fff_mu_min
        else:
            lists["photons"] = rates.photon_mu_min
    known = sorted({rate for listed in lists.values() for rate in listed.value or ()})
    whole = bool(lists) and all(
        listed.exhaustive and all(listed.offers(rate) for rate in listed.value or ())
        for listed in lists.values()
    )
    return Offer(tuple(f"{rate:g}" for rate in known), whole and bool(known))

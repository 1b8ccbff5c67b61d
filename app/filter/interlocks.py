"""Would the machine refuse the field? Ranges, energies, applicators, wedges (R-13).

Each limit stands in the machine's description, with how it is known; see `machine_state`. One
finding tells the first place of a field where a value is out of reach.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from app.filter.field import ControlPoint, Field, Plan
from app.filter.interlock_leaves import leaf_interlocks
from app.filter.machine_state import MachineAsked, cm, decimals, hit
from app.filter.parameters import arc_length_deg
from app.filter.settings import Settings
from core.findings import Finding, NotChecked, State
from core.machine_values import Confidence, Listed, Span, Value
from core.machines import ApplicatorJaws

Place = tuple[int | None, Decimal]
TURN = Decimal(360)
NO_MACHINE = "no machine description is named for it in machine_names.toml"


def interlocks(rv: Plan, settings: Settings) -> Iterator[Finding | NotChecked]:
    """Return what the machines of a plan would refuse, and what could not be asked."""
    asked: dict[str, MachineAsked] = {}
    strangers: dict[str, list[str]] = {}
    for field in rv.fields:
        name = field.machine or ""
        machine = settings.machine(name)
        if machine is None:
            strangers.setdefault(name, []).append(field.id)
            continue
        one = asked.setdefault(name, MachineAsked(machine))
        yield from _of_field(field, one, settings)
    for name, one in asked.items():
        yield from one.not_checked(name)
    for name, fields in strangers.items():
        shown = f"machine {name!r}" if name else "a machine without a name"
        yield NotChecked(f"interlocks of {shown}", NO_MACHINE, ", ".join(fields))


def _of_field(
    field: Field, asked: MachineAsked, settings: Settings
) -> Iterator[Finding | NotChecked]:
    angle, length = (settings.limits[f"interlocks.{n}"] for n in ("angle_deg", "position_mm"))
    yield from _angles(field, asked, angle)
    yield from _lengths(field, asked, length)
    yield from leaf_interlocks(field, asked, settings.limits)
    if not field.setup:
        yield from _beam(field, asked)
        yield from _applicator(field, asked, settings.limits["interlocks.applicator_jaw_mm"])
        yield from _dynamic_wedge(field, asked, settings)


def places(field: Field, name: str) -> Iterator[Place]:
    """Return a value of the field and of each control point that states it itself."""
    own = getattr(field, name)
    if own is not None:
        yield None, own
    for point in field.control_points:
        value = getattr(point, name)
        if value is not None and value != own:
            yield point.number, value


def _angles(field: Field, asked: MachineAsked, slack: Decimal) -> Iterator[Finding]:
    machine = asked.machine
    for item, name, value in (
        ("gantry_angle", "gantry_deg", machine.ranges.gantry_deg),
        ("collimator_angle", "collimator_deg", machine.ranges.collimator_deg),
        ("couch_angle", "couch_deg", machine.couch.angle_deg),
    ):
        span = asked.ask(value)
        if span is None:
            continue
        low, high = decimals(span)
        for point, angle in places(field, name):
            if not any(low - slack <= one <= high + slack for one in turns(angle)):
                yield hit(
                    "F-INT-RANGE", value, field,
                    f"{item} is {angle} deg, the machine has {low} to {high} deg", item,
                    found=str(angle), expected=f"{low} to {high}", unit="deg", point=point,
                )  # fmt: skip
                break
        if name == "gantry_deg":
            yield from _arc(field, value, span, slack)


def turns(angle: Decimal) -> tuple[Decimal, ...]:
    """Return an angle unrolled about 0, with its twins a full turn away."""
    plain = (angle % TURN + TURN) % TURN
    return plain, plain - TURN, plain + TURN


def _arc(field: Field, value: Value[Span], span: Span, slack: Decimal) -> Iterator[Finding]:
    """Ask whether the gantry gets through an arc without passing its stop."""
    length = arc_length_deg(field)
    if length is None or field.arc_start_deg is None:
        return
    low, high = decimals(span)
    way = length if field.arc_direction == "CW" else -length
    starts = [one for one in turns(field.arc_start_deg) if low - slack <= one <= high + slack]
    if starts and not any(low - slack <= one + way <= high + slack for one in starts):
        words = (
            f"the arc runs {field.arc_direction} from {field.arc_start_deg} to "
            f"{field.arc_stop_deg} deg through the gantry's stop ({low} to {high} deg)"
        )
        yield hit(
            "F-INT-ARC", value, field, words, "arc_direction", found=field.arc_direction or ""
        )


def _lengths(field: Field, asked: MachineAsked, slack: Decimal) -> Iterator[Finding]:
    machine = asked.machine
    jaws, couch = machine.jaws, machine.couch
    rows = (
        ("collimator_x1", "jaws", "x1_mm", jaws.x1_mm),
        ("collimator_x2", "jaws", "x2_mm", jaws.x2_mm),
        ("collimator_y1", "jaws", "y1_mm", jaws.y1_mm),
        ("collimator_y2", "jaws", "y2_mm", jaws.y2_mm),
        ("couch_vertical", "couch", "vertical_mm", couch.vertical_mm),
        ("couch_lateral", "couch", "lateral_mm", couch.lateral_mm),
        ("couch_longitudinal", "couch", "longitudinal_mm", couch.longitudinal_mm),
    )
    for item, part, name, value in rows:
        found = list(_inner(field, part, name))
        span = asked.ask(value) if found else None
        if span is None:
            continue
        low, high = decimals(span)
        beyond = [place for place in found if not low - slack <= place[1] <= high + slack]
        for point, position in beyond[:1]:
            yield hit(
                "F-INT-RANGE", value, field,
                f"{item} is {cm(position)} cm, the machine has {cm(low)} to {cm(high)} cm", item,
                found=cm(position), expected=f"{cm(low)} to {cm(high)}", unit="cm", point=point,
            )  # fmt: skip


def _inner(field: Field, part: str, name: str) -> Iterator[Place]:
    things: Iterable[tuple[int | None, Field | ControlPoint]] = (
        (None, field), *((point.number, point) for point in field.control_points),
    )  # fmt: skip
    before = None
    for number, thing in things:
        value = getattr(getattr(thing, part), name)
        if value is not None and value != before:
            yield number, value
        before = value


def _beam(field: Field, asked: MachineAsked) -> Iterator[Finding]:
    """Ask whether the machine has the energy and the dose rate."""
    machine = asked.machine
    if field.modality is None or field.energy is None:
        return
    offered = machine.offers(field.modality, float(field.energy), field.fff)
    electrons = field.modality == "Elect"
    energies = machine.energies.electron_mev if electrons else machine.energies.photon_mv
    words = f"{field.modality} {field.energy} is no beam of {machine.name}"
    if offered is None:
        _open_list(asked, energies)
    elif not offered:
        yield hit("F-INT-ENERGY", energies, field, words, "energy", found=str(field.energy))
    rate = field.dose_rate_mu_min
    if rate is None:
        return
    rates = machine.dose_rates
    listed = rates.electron_mu_min if electrons else rates.photon_mu_min
    listed = rates.fff_mu_min if field.fff else listed
    found = listed.offers(float(rate))
    if found is None:
        _open_list(asked, listed)
    elif not found:
        text = ", ".join(f"{one:g}" for one in listed.require())
        words = f"the dose rate is {rate} MU/min, {machine.name} has {text}"
        yield hit("F-INT-RATE", listed, field, words, "doserate", found=str(rate), expected=text)


def _open_list(asked: MachineAsked, listed: Listed[float]) -> None:
    """Remember a list that could not tell: unknown, recalled, or not complete."""
    if asked.ask(listed) is not None and listed.confidence is not Confidence.RECALLED:
        key = listed.name.partition(", ")[2]
        asked.unknown[key] = "the list is not complete"


def _applicator(
    field: Field, asked: MachineAsked, slack: Decimal
) -> Iterator[Finding | NotChecked]:
    """Ask for the jaw setting of the electron applicator."""
    if field.modality != "Elect" or not field.applicators:
        return
    machine, name = asked.machine, field.applicators[0].names[0]
    rows = asked.ask(machine.applicators.jaws)
    if rows is None:
        return
    known = {row.applicator.casefold() for row in rows}
    if name.casefold() not in known:
        offered = machine.applicators.names.offers(name)
        if offered is False:
            words = f"{machine.name} has no applicator {name}"
            yield hit("F-INT-APPLICATOR", machine.applicators.names, field, words, "e_applicator")
        else:
            why = f"the description {machine.id} states no jaws for applicator {name}"
            yield NotChecked("jaws of the electron applicator", why, field.id)
        return
    row = next((one for one in rows if _is_row(one, name, field.energy)), None)
    if row is None:
        why = f"the description {machine.id} states no jaws for {name} at {field.energy} MeV"
        yield NotChecked("jaws of the electron applicator", why, field.id)
        return
    yield from _jaws_of(field, row, machine.applicators.jaws, slack)


def _is_row(row: ApplicatorJaws, name: str, energy: Decimal | None) -> bool:
    return row.applicator.casefold() == name.casefold() and row.energy_mev == energy


def _jaws_of(
    field: Field,
    row: ApplicatorJaws,
    value: Value[tuple[ApplicatorJaws, ...]],
    slack: Decimal,
) -> Iterator[Finding]:
    for axis, width in (("x", row.x_mm), ("y", row.y_mm)):
        half = Decimal(str(width)) / 2
        for side, expected in (("1", -half), ("2", half)):
            found = getattr(field.jaws, f"{axis}{side}_mm")
            if found is not None and not abs(found - expected) <= slack:
                item = f"collimator_{axis}{side}"
                words = (
                    f"{item} is {cm(found)} cm; applicator {row.applicator} at {field.energy} MeV "
                    f"asks for {cm(expected)} cm"
                )
                yield hit(
                    "F-INT-APPL-JAWS", value, field, words, item, found=cm(found),
                    expected=cm(expected), unit="cm",
                )  # fmt: skip


def _dynamic_wedge(
    field: Field, asked: MachineAsked, settings: Settings
) -> Iterator[Finding | NotChecked]:
    """Ask whether the virtual wedge is commissioned and has enough MU (L-15 and L-17 again)."""
    wedges = asked.machine.wedges
    for wedge in field.wedges or ():
        if wedge.kind.casefold() not in ("dynamic", "virtual"):
            continue
        name = wedge.names[0] if wedge.names else ""
        match = settings.rules.pattern("wedges.dynamic_angle").search(name)
        if match is None:
            yield NotChecked("dynamic_wedge", f"no angle can be read from {name!r}", field.id)
            continue
        angle = float(match.group(1))
        for listed in (wedges.dynamic_deg, wedges.allowed_dynamic_deg):
            offered = listed.offers(angle)
            if offered is False:
                words = f"wedge {name} of {angle:g} deg is not commissioned"
                yield hit("F-INT-VW-ANGLE", listed, field, words, "dynamic_wedge", found=name)
                break
            if offered is None:
                _open_list(asked, listed)
        yield from _wedged_field(field, name, asked)
        least = asked.ask(wedges.dynamic_minimum_mu)
        if least is not None and field.mu is not None and not field.mu >= Decimal(str(least)):
            words = f"{field.mu} MU are too few for wedge {name}; the least is {least:g} MU"
            yield hit(
                "F-INT-VW-MU", wedges.dynamic_minimum_mu, field, words, "field_monitor_units",
                found=str(field.mu), expected=f"{least:g}", unit="MU",
            )  # fmt: skip


def _wedged_field(field: Field, name: str, asked: MachineAsked) -> Iterator[Finding]:
    """Ask whether the field is short enough for the jaw that makes the virtual wedge."""
    wedges = asked.machine.wedges
    axis, most = wedges.dynamic_axis.value, wedges.dynamic_longest_field_mm
    longest = asked.ask(most)
    if axis is None or longest is None:
        return
    one, two = (getattr(field.jaws, f"{axis.lower()}{side}_mm") for side in (1, 2))
    if one is not None and two is not None and not two - one <= Decimal(str(longest)):
        words = f"the field is {cm(two - one)} cm long, wedge {name} goes to {longest / 10:g} cm"
        yield hit(
            "F-INT-VW-FIELD", most, field, words, f"field_{axis.lower()}", found=cm(two - one),
            expected=f"{longest / 10:g}", unit="cm",
        )  # fmt: skip


def applicator_for_electrons(field: Field) -> Iterator[Finding]:
    """Ask whether electrons have an applicator, and photons none (Table 1, e- applicator)."""
    if field.setup or field.applicators is None or field.modality not in ("Xrays", "Elect"):
        return
    electrons = field.modality == "Elect"
    if electrons and not field.applicators:
        words = f"Field {field.id} is an electron field without an applicator"
    elif not electrons and field.applicators:
        words = f"Field {field.id} is an X-ray field with an electron applicator"
    else:
        return
    cure = "Correct the applicator or the modality in the R&V system, and check again."
    yield Finding("F-APPLICATOR", State.ERROR, words, field.id, item="e_applicator", remedy=cure)

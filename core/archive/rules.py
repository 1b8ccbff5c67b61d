"""Forward rules: IF an object or its plan set is so, THEN send it to a node (Y-02)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.archive.index import Instance
from core.archive.plan_sets import PlanSet
from core.findings import State


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; a condition left empty asks for nothing.

    Attributes:
        name: What people call it.
        send: Node it sends to.
        modality: Kinds of objects that set it off, e.g. RTPLAN.
        approval: ApprovalStatus the object must have, e.g. APPROVED.
        calling: AE titles it must have come from.
        set_complete: Send only once nothing of the plan set is missing.
        whole_set: Send the whole plan set and not only the object.
        pseudonymise: Send without the person.
        since: Leave alone what came before this time (ISO 8601, UTC); empty takes in everything
            that was ever stored.

    """

    name: str
    send: str
    modality: tuple[str, ...] = ()
    approval: str = ""
    calling: tuple[str, ...] = ()
    set_complete: bool = False
    whole_set: bool = False
    pseudonymise: bool = False
    since: str = ""

    def meets(self, one: Instance) -> bool:
        """Return whether an object meets the conditions on itself."""
        approval = one.rt.approval.upper() if one.rt is not None else ""
        return (
            (not self.modality or one.modality in self.modality)
            and (not self.approval or approval == self.approval)
            and (not self.calling or one.sender in self.calling)
            and one.received >= self.since
        )

    def words(self) -> tuple[str, str]:
        """Return what must be so, and what is done then, for people."""
        told = [" or ".join(self.modality) or "any object"]
        told += [self.approval.lower()] if self.approval else []
        told += [f"from {' or '.join(self.calling)}"] if self.calling else []
        told += ["nothing of its plan set missing"] if self.set_complete else []
        told += [f"came since {self.since[:16].replace('T', ' ')} UTC"] if self.since else []
        what = "its whole plan set" if self.whole_set else "it"
        person = " without the person" if self.pseudonymise else ""
        return ", ".join(told), f"send {what} to {self.send}{person}"


def due(rule: Rule, new: Sequence[Instance], sets: Sequence[PlanSet]) -> list[Instance]:
    """Return what a rule sends now that some objects have come.

    Args:
        rule: The rule.
        new: Objects that have not been sent by this rule.
        sets: Plan sets of the persons they belong to.

    """
    found: dict[str, Instance] = {}
    for one in new:
        if not rule.meets(one):
            continue
        own = [each for each in sets if one.sop_uid in {part.sop_uid for part in each.instances}]
        if rule.set_complete:
            own = [each for each in own if is_complete(each)]
            if not own:
                continue
        found[one.sop_uid] = one
        if rule.whole_set:
            found |= {part.sop_uid: part for each in own for part in each.instances}
    return list(found.values())


def is_complete(own: PlanSet) -> bool:
    """Return whether nothing of a plan set is missing."""
    missing = any(one.state in (State.ERROR, State.WARNING) for one in own.remarks)
    return (
        own.plan is not None
        and bool(own.structures and own.images and own.doses)
        and (not missing)
    )

"""Errors that tell the user what happened, where, and what to do next."""


class RemedyError(Exception):
    """Something the user can put right.

    Args:
        what: What went wrong, with the value as it stands in the file; one sentence, no full stop.
        where: File and line, record and item, field and control point, or server and port.
        remedy: The next step, addressed to the user; begins with a verb.

    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(f"{what} ({where}). {remedy}")
        self.what = what
        self.where = where
        self.remedy = remedy


class UnreadableFileError(RemedyError):
    """A file is not what it claims to be, so nothing of it is used."""


class UnreadableRecordError(RemedyError):
    """A line or element does not follow its layout, so no value of it is used."""


class UnsupportedPlanError(RemedyError):
    """The plan is sound, but of a kind that cannot be handled (brachytherapy, ions)."""


class ClinicFileError(RemedyError):
    """A machine, treatment or tolerance file of the clinic cannot be used as it stands."""


class MissingDataError(Exception):
    """A check cannot answer because a value it needs is not there: "not run", never a pass."""

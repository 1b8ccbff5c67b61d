"""C-ECHO and C-FIND: what another system has, at every level (Y-09)."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pydicom.dataset import Dataset

from core.archive.asking import PENDING, Asking, QueryError, contexts
from core.archive.calls import Caller
from core.archive.client_store import status_words
from core.archive.command_set import C_ECHO, C_FIND, number
from core.archive.line import Line
from core.archive.nodes import Node
from core.archive.query import CONTENT, OUR_BLOCK, OUR_CREATOR, OUR_VERSION
from core.archive.transfer import Remote

VERIFICATION = "1.2.840.10008.1.1"
PATIENT_FIND, STUDY_FIND = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
SUCCESS, CANCELLED = 0x0000, 0xFE00
# What is asked for at each level: the level's unique key first (PS3.4 C.6).
ASKED = {
    "PATIENT": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "STUDY": (
        "StudyInstanceUID", "PatientID", "PatientName", "StudyDate", "StudyDescription",
        "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
    ),
    "SERIES": ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription",
               "NumberOfSeriesRelatedInstances"),
    "IMAGE": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip


def echo(caller: Caller, node: Node) -> None:
    """Ask a system whether it is there.

    Raises:
        CallError: It cannot be reached.
        QueryError: It answers with a failure.

    """
    with caller.line(node, contexts(VERIFICATION)) as line:
        for status, _ in Asking(line, node).ask(C_ECHO, VERIFICATION):
            if number(status, "Status", -1) != SUCCESS:
                raise QueryError(
                    f"the echo failed: {status_words(status)}",
                    where=node.place,
                    remedy="Ask the administrator of the other side to look into its log.",
                )


class Query:
    """Questions over one association."""

    def __init__(self, line: Line, node: Node) -> None:
        self._asking, self._node = Asking(line, node), node
        self.is_ours = line.version == OUR_VERSION

    def ask(
        self,
        level: str,
        keys: Mapping[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> list[Dataset]:
        """Return one data set for each match, each unique key once.

        Args:
            level: PATIENT, STUDY, SERIES or IMAGE; below STUDY name the UIDs of those above.
            keys: What is searched for, by DICOM keyword; wildcards as DICOM has them.
            stop: Cancels the query when set; what came until then is returned.

        Raises:
            QueryError: The answer was not complete.

        """
        asked = Dataset()
        asked.SpecificCharacterSet = "ISO_IR 192"
        asked.QueryRetrieveLevel = level
        for keyword in ASKED[level]:
            setattr(asked, keyword, "")
        for keyword, value in (keys or {}).items():
            setattr(asked, keyword, value)
        if self.is_ours:
            # Dcmqrscp and Orthanc find nothing at all when a private key is asked for.
            asked.add_new(OUR_BLOCK, "LO", OUR_CREATOR)
            asked.add_new(CONTENT, "LO", "")
        return self._answers(asked, ASKED[level][0], stop)

    def _answers(self, asked: Dataset, unique: str, stop: threading.Event | None) -> list[Dataset]:
        model = PATIENT_FIND if asked.QueryRetrieveLevel == "PATIENT" else STUDY_FIND
        found: dict[str, Dataset] = {}
        cancelled = False
        answers = self._asking.ask(C_FIND, model, asked)
        for status, answer in answers:
            code = number(status, "Status", -1)
            if code in PENDING:
                if answer is not None:
                    found.setdefault(str(answer.get(unique) or ""), answer)
                if stop is not None and stop.is_set() and not cancelled:
                    cancelled = True
                    answers.cancel()
            elif code not in (SUCCESS, CANCELLED):
                raise QueryError(
                    f"the query was not answered to its end: {status_words(status)}",
                    where=self._node.place,
                    remedy="Ask for less at once, or look into the log of the other side.",
                )
        return list(found.values())

    def instances(
        self, *, patient_id: str = "", study_uid: str = "", series_uid: str = ""
    ) -> Iterator[Remote]:
        """Yield every object of a person, study or series.

        Raises:
            QueryError: An answer was not complete.

        """
        for study in self._studies(patient_id, study_uid):
            uid = str(study.StudyInstanceUID)
            keys = {"SeriesInstanceUID": series_uid} if series_uid else {}
            for series in self.ask("SERIES", {"StudyInstanceUID": uid, **keys}):
                own = str(series.SeriesInstanceUID)
                for one in self.ask("IMAGE", {"StudyInstanceUID": uid, "SeriesInstanceUID": own}):
                    yield Remote(
                        str(one.SOPInstanceUID), str(one.get("SOPClassUID") or ""), own, uid,
                        str(study.get("PatientID") or ""), content_told(one),
                    )  # fmt: skip

    def _studies(self, patient_id: str, study_uid: str) -> Sequence[Dataset]:
        keys = {"PatientID": patient_id, "StudyInstanceUID": study_uid}
        return self.ask("STUDY", {key: value for key, value in keys.items() if value})


def content_told(answer: Dataset) -> str:
    """Return the content digest our own archive tells; empty from others."""
    try:
        told = answer.private_block(OUR_BLOCK[0], OUR_CREATOR)[1].value or ""
    except KeyError:
        return ""
    # Without explicit VR nobody says that it is a text.
    text = told.decode("ascii", "replace") if isinstance(told, bytes) else str(told)
    return text.strip("\0 ")


@contextmanager
def querying(caller: Caller, node: Node) -> Iterator[Query]:
    """Open an association for queries.

    Raises:
        CallError: It cannot be reached, or does not answer queries.

    """
    with caller.line(node, contexts(PATIENT_FIND, STUDY_FIND)) as line:
        yield Query(line, node)

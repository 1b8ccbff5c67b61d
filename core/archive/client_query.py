"""C-ECHO and C-FIND: what another system has, at every level (Y-09)."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.presentation import build_context

from core.archive.asking import PENDING, Asking
from core.archive.calls import Caller
from core.archive.client_store import status_words
from core.archive.line import Line, LineCutError
from core.archive.nodes import Node
from core.archive.query import CONTENT, OUR_BLOCK, OUR_CREATOR, OUR_VERSION
from core.archive.transfer import Remote
from core.errors import RemedyError, UnreadableFileError

VERIFICATION = "1.2.840.10008.1.1"
PATIENT_FIND, STUDY_FIND = UID("1.2.840.10008.5.1.4.1.2.1.1"), UID("1.2.840.10008.5.1.4.1.2.2.1")
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


class QueryError(RemedyError):
    """Another system did not answer a query to its end, so nothing of the answer is used."""


def echo(caller: Caller, node: Node) -> None:
    """Ask a system whether it is there.

    Raises:
        CallError: It cannot be reached.
        QueryError: It answers with a failure.

    """
    with _cut_in_words(node), caller.line(node, [build_context(VERIFICATION)]) as line:
        answer = Asking(line).echo(VERIFICATION)
        if answer.status != SUCCESS:
            raise QueryError(
                f"the echo failed: {status_words(answer.as_dataset)}",
                where=node.place,
                remedy="Ask the administrator of the other side to look into its log.",
            )


class Query:
    """Questions over one association."""

    def __init__(self, line: Line, node: Node) -> None:
        self._asking = Asking(line)
        self._node = node
        self.is_ours = line.told_version == OUR_VERSION

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
        with _cut_in_words(self._node):
            for answer in self._asking.find(model, asked, stop):
                if answer.status in PENDING:
                    if answer.data is not None:
                        found.setdefault(str(answer.data.get(unique) or ""), answer.data)
                elif answer.status not in (SUCCESS, CANCELLED):
                    raise QueryError(
                        "the query was not answered to its end: "
                        f"{status_words(answer.as_dataset)}",
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
    models = [build_context(PATIENT_FIND), build_context(STUDY_FIND)]
    with caller.line(node, models) as line:
        yield Query(line, node)


@contextmanager
def _cut_in_words(node: Node) -> Iterator[None]:
    """Tell in words that the other side has ended the association, or says nothing sensible."""
    try:
        yield
    except (LineCutError, UnreadableFileError) as cut:
        raise QueryError(
            f"the query was not answered to its end: {cut}",
            where=node.place,
            remedy="Ask again; if it stays so, look into the log of the other side.",
        ) from cut

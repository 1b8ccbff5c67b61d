"""DICOMweb: QIDO-RS to ask, WADO-RS to fetch, STOW-RS to send (PS3.18), same results as DIMSE."""

import io
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import keyring
import pydicom
import requests
from dicomweb_client.api import DICOMwebClient
from keyring.errors import KeyringError
from pydicom.dataset import Dataset

from core.archive.client_retrieve import result_of
from core.archive.client_store import DUPLICATE, FAMILIES, WORDS
from core.archive.getting import Taker
from core.archive.nodes import Node
from core.archive.store import digest_of
from core.archive.syntaxes import in_syntax
from core.archive.transfer import (
    BACKOFF_S,
    Effort,
    Fate,
    Outgoing,
    Remote,
    Result,
    in_parallel,
    with_rest,
)
from core.errors import RemedyError, UnreadableFileError

SERVICE = "EQS archive"
PAGE = 200
# Statuses of PS3.18 11.3.3: these may pass.
PASSING = (429, 502, 503, 504)
TIMEOUT_S = (10.0, 120.0)


class WebError(RemedyError):
    """A DICOMweb server could not be reached, or refused.

    Attributes:
        is_passing: Whether trying again may help.

    """

    def __init__(self, what: str, *, where: str, remedy: str, is_passing: bool = False) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.is_passing = is_passing


class Web:
    """One DICOMweb server; safe to use from several threads."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._password = password_of(node)
        self._own = threading.local()

    def _client(self) -> DICOMwebClient:
        if not hasattr(self._own, "client"):
            session = requests.Session()
            # A proxy of the environment has no business with a server of the hospital.
            session.trust_env = False
            if self.node.user:
                session.auth = (self.node.user, self._password)
            client = DICOMwebClient(
                self.node.url, session=session, permissive_uid=True, timeout=TIMEOUT_S
            )
            client.set_http_retry_params(retry=False)
            self._own.client = client
        found: DICOMwebClient = self._own.client
        return found

    def call(self, work: Callable[[DICOMwebClient], Any]) -> Any:  # noqa: ANN401  (the work's)
        """Run one request; raises WebError in plain words."""
        try:
            return work(self._client())
        except requests.exceptions.SSLError as fault:
            raise self._fault(
                "its certificate is not believed", "Have the authority installed here."
            ) from fault
        except requests.HTTPError as fault:
            raise self._answered(fault) from fault
        except (requests.ConnectionError, requests.Timeout) as fault:
            remedy = "Check the address in archive.toml, that the service runs, and the firewall."
            raise self._fault("it does not answer", remedy, is_passing=True) from fault
        except (requests.RequestException, ValueError) as fault:
            raise self._fault(
                f"its answer is not DICOMweb ({fault})", "Check the url in archive.toml."
            ) from fault

    def _answered(self, fault: requests.HTTPError) -> WebError:
        code = fault.response.status_code if fault.response is not None else 0
        words = {
            401: ("it wants a name and a password", "Give the user and store the password."),
            403: ("it does not allow this", "Have the rights of our user widened there."),
            404: ("it does not know this address", "Check the url in archive.toml."),
            409: ("it refuses the objects", "Look into its log."),
            413: ("an object is too large for it", "Have its limit raised."),
        }
        what, remedy = words.get(code, ("it reports a failure", "Look into its log."))
        return self._fault(f"{what} (HTTP {code})", remedy, is_passing=code in PASSING)

    def _fault(self, what: str, remedy: str, *, is_passing: bool = False) -> WebError:
        return WebError(what, where=self.node.place, remedy=remedy, is_passing=is_passing)

    # Asking.

    def ask(
        self, level: str, keys: dict[str, str] | None = None, study: str = "", series: str = ""
    ) -> list[Dataset]:
        """Return matches at STUDY, SERIES or IMAGE level.

        Raises:
            WebError: The server cannot be reached, or refuses.

        """
        found: list[Dataset] = []
        while True:
            page = partial(_page, level=level, keys=keys or {}, place=(study, series),
                           start=len(found))  # fmt: skip
            rows = self.call(page)
            found += [Dataset.from_json(one) for one in rows]
            if len(rows) < PAGE:
                return found

    def instances(
        self, *, patient_id: str = "", study_uid: str = "", series_uid: str = ""
    ) -> Iterator[Remote]:
        """Yield every object of a person, study or series; raises as `ask`."""
        keys = {"PatientID": patient_id, "StudyInstanceUID": study_uid}
        for study in self.ask("STUDY", {key: value for key, value in keys.items() if value}):
            uid = str(study.StudyInstanceUID)
            only = {"SeriesInstanceUID": series_uid} if series_uid else {}
            for series in self.ask("SERIES", only, uid):
                own = str(series.SeriesInstanceUID)
                for one in self.ask("IMAGE", None, uid, own):
                    yield Remote(
                        str(one.SOPInstanceUID), str(one.get("SOPClassUID") or ""), own, uid,
                        str(study.get("PatientID") or ""),
                    )  # fmt: skip

    # Sending and fetching.

    def send(self, objects: Sequence[Outgoing], effort: Effort | None = None) -> list[Result]:
        """Send objects by STOW-RS; return one result for each, in their order."""
        return self._each(objects, effort, self._stored, "sent")

    def get(
        self, wanted: Sequence[Remote], take: Taker, effort: Effort | None = None
    ) -> list[Result]:
        """Fetch objects by WADO-RS; return one result for each, in their order."""
        return self._each(wanted, effort, lambda one, n: self._fetched(one, take, n), "fetched")

    def _each(
        self, objects: Sequence[Any], effort: Effort | None,
        work: Callable[[Any, int], Result], word: str,
    ) -> list[Result]:  # fmt: skip
        how = effort if effort is not None else Effort()
        waiting = deque(objects)
        results: dict[str, Result] = {}

        def worker() -> None:
            while not how.stop.is_set():
                try:
                    one = waiting.popleft()
                except IndexError:
                    return
                results[one.sop_uid] = self._tried(one, how, work)

        def tell(_share: float, _words: str) -> None:
            if how.progress is not None:
                how.progress(len(results) / max(len(objects), 1),
                             f"{len(results)} of {len(objects)} objects")  # fmt: skip

        in_parallel(worker, max(1, min(self.node.parallel, len(objects))), how, tell)
        return with_rest(
            results, [one.sop_uid for one in objects], Fate.CANCELLED,
            f"cancelled before it was {word}",
        )  # fmt: skip

    @staticmethod
    def _tried(one: Any, how: Effort, work: Callable[[Any, int], Result]) -> Result:  # noqa: ANN401
        for attempt in range(1, how.attempts + 1):
            try:
                return work(one, attempt)
            except WebError as problem:
                failed = Result(one.sop_uid, Fate.FAILED, problem.what, attempt)
                if not problem.is_passing:
                    return failed
                how.stop.wait(BACKOFF_S[min(attempt, len(BACKOFF_S)) - 1])
            except RemedyError as problem:
                return Result(one.sop_uid, Fate.FAILED, problem.what, attempt)
            except OSError as fault:
                why = fault.strerror or "a file cannot be read or written"
                return Result(one.sop_uid, Fate.FAILED, why, attempt)
        return failed

    def _stored(self, one: Outgoing, attempt: int) -> Result:
        if one.digest and digest_of(one.source.path) != one.digest:
            raise UnreadableFileError(
                "our own file has changed on the disk; it is not sent",
                where=one.sop_uid,
                remedy="Fetch it from its mirror.",
            )
        data = in_syntax(one.source, {one.transfer_syntax})
        answer = self.call(lambda client: client.store_instances([data]))
        kept = {str(row.get("ReferencedSOPInstanceUID"))
                for row in answer.get("ReferencedSOPSequence") or ()}  # fmt: skip
        failed = [
            int(row.get("FailureReason") or 0) for row in answer.get("FailedSOPSequence") or ()
        ]
        if one.sop_uid in kept and not failed:
            return Result(one.sop_uid, Fate.DONE, "", attempt)
        code = failed[0] if failed else 0
        why = WORDS.get(code) or FAMILIES.get(code >> 8, "it does not say that it kept the object")
        fate = Fate.QUARANTINED if code == DUPLICATE else Fate.FAILED
        return Result(one.sop_uid, fate, f"{why} (status {code:04X})", attempt)

    def _fetched(self, one: Remote, take: Taker, attempt: int) -> Result:
        data = self.call(
            lambda client: client.retrieve_instance(
                one.study_uid, one.series_uid, one.sop_uid,
                media_types=(("application/dicom", "*"),),
            )
        )  # fmt: skip
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, data, enforce_file_format=True)
        (taken,) = take([stream.getvalue()], self.node.title)
        if isinstance(taken, OSError):
            raise taken
        return result_of(taken, one.sop_uid, attempt)


def password_of(node: Node) -> str:
    """Return the password of a server from the system's store; empty when none is there."""
    if not node.user:
        return ""
    try:
        return keyring.get_password(SERVICE, f"{node.user}@{node.url}") or ""
    except KeyringError:
        return ""


def _page(
    client: DICOMwebClient, level: str, keys: dict[str, str], place: tuple[str, str], start: int
) -> list[dict[str, Any]]:
    words: dict[str, Any] = {"search_filters": keys, "limit": PAGE, "offset": start}
    if level == "STUDY":
        return list(client.search_for_studies(**words))
    study, series = place
    if level == "SERIES":
        return list(client.search_for_series(study_instance_uid=study, **words))
    return list(client.search_for_instances(study, series, **words))

"""Questions to other systems: every answer counts, and one that is not whole is no answer."""

import threading
from contextlib import contextmanager

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from core.archive.calls import Caller
from core.archive.client_query import (
    PATIENT_FIND,
    STUDY_FIND,
    VERIFICATION,
    QueryError,
    echo,
    querying,
)
from core.archive.client_retrieve import STUDY_MOVE, move
from core.archive.nodes import Node
from tests.archive.servers import HERE

CALLER = Caller("CLIENT", answer_s=10)


@contextmanager
def server(*handlers, offers=(PATIENT_FIND, STUDY_FIND)):
    own = AE(ae_title="SERVER")
    for one in offers:
        own.add_supported_context(one)
    running = own.start_server((HERE, 0), block=False, evt_handlers=list(handlers))
    yield Node("SERVER", HERE, running.socket.getsockname()[1])
    running.shutdown()


def study(number):
    told = Dataset()
    told.QueryRetrieveLevel = "STUDY"
    told.StudyInstanceUID = f"1.2.{number}"
    told.PatientName = "Doe^Jöe"
    told.SpecificCharacterSet = "ISO_IR 192"
    return told


@pytest.mark.req("Y-09")
def test_that_no_answer_is_lost_while_the_machine_is_busy():
    """With pynetdicom's own loop one question of 150 lost an answer here."""

    def answer(event):
        for number in range(20):
            yield 0xFF00, study(number)
        yield 0x0000, None

    ended = threading.Event()
    busy = [threading.Thread(target=lambda: [None for _ in iter(ended.is_set, True)])
            for _ in range(4)]  # fmt: skip
    for one in busy:
        one.start()
    try:
        with server((evt.EVT_C_FIND, answer)) as node, querying(CALLER, node) as query:
            counts = [len(query.ask("STUDY")) for _ in range(40)]
    finally:
        ended.set()
        for one in busy:
            one.join()
    assert counts == [20] * 40


def refusal(handler, level="STUDY", offers=(PATIENT_FIND, STUDY_FIND)):
    with (
        server((evt.EVT_C_FIND, handler), offers=offers) as node,
        querying(CALLER, node) as query,
        pytest.raises(QueryError) as told,
    ):
        query.ask(level)
    return str(told.value)


@pytest.mark.req("Y-09")
def test_that_a_query_that_ends_badly_gives_nothing():
    def fails(event):
        yield 0xFF00, study(1)
        yield 0xA700, None

    assert "not answered to its end" in refusal(fails)

    def cuts(event):
        yield 0xFF00, study(1)
        event.assoc.abort()

    assert "not answered to its end: aborted by the other side" in refusal(cuts)


@pytest.mark.req("Y-09")
def test_that_a_cancelled_query_keeps_what_came():
    stop = threading.Event()

    def endless(event):
        for number in range(100_000):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            if number == 5:
                stop.set()
            yield 0xFF00, study(number)

    with server((evt.EVT_C_FIND, endless)) as node, querying(CALLER, node) as query:
        assert 5 < len(query.ask("STUDY", stop=stop)) < 100_000


@pytest.mark.req("Y-09")
def test_that_a_service_that_is_not_offered_is_told():
    assert "not answered to its end" in refusal(lambda event: None, "PATIENT", (STUDY_FIND,))
    with server(offers=(VERIFICATION,)) as node:
        with pytest.raises(Exception, match="not the service asked for"), \
                querying(CALLER, node):  # fmt: skip
            pass
        echo(CALLER, node)


@pytest.mark.req("Y-09")
def test_that_an_echo_that_is_refused_is_no_echo():
    refuses = (evt.EVT_C_ECHO, lambda event: 0x0122)
    with (
        server(refuses, offers=(VERIFICATION,)) as node,
        pytest.raises(QueryError, match="the echo failed"),
    ):
        echo(CALLER, node)


@pytest.mark.req("Y-09")
def test_that_a_move_tells_what_failed():
    with server(
        (evt.EVT_C_MOVE, lambda event: iter([(None, None)])), offers=(STUDY_MOVE,)
    ) as node:
        told = move(CALLER, node, "NOBODY", {"StudyInstanceUID": "1.2"})
    assert not told.is_whole
    assert "destination" in told.why

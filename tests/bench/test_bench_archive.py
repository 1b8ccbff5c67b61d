"""The archive over the network, beside DCMTK's programs and Orthanc in the same run.

Every end has TCP_NODELAY; all write to the same disk. By the clock, turn by turn, because a person
waits for it and most of it is not processor time of ours; the least of the turns is compared.
"""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_files
from core.archive.client_query import querying
from core.archive.client_retrieve import get
from core.archive.client_store import send
from core.archive.nodes import Node
from core.archive.transfer import Fate
from tests.archive.servers import (
    HERE,
    dcmqrscp,
    free_port,
    need,
    orthanc,
    own_network,
    running,
)
from tests.bench.made_set import SIDE, SLICES
from tests.core.dicom_maker import dose, images, lattice, plan, square, structure_set, write

CALLER = Caller("CLIENT")
CHECKOUT = Path(__file__).resolve().parents[2]
TURNS = 5
# The first paper's "under one minute" for a patient's data.
PAPER_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """200 CT slices, structures, plan and dose."""
    made = images(
        lattice(shape=(SLICES, SIDE, SIDE), spacing=(2.5, 0.98, 0.98)),
        lambda x, y, z: x + 0 * y + z / 10, bits=12, signed=False, intercept=-1024,
    )  # fmt: skip
    rings = [square((0, 0, z), 60.0) for z in np.arange(-100, 100, 2.5)]
    drawn = structure_set({"BODY": rings, "PTV": rings[20:40]}, made)
    planned = plan(drawn)
    grid = lattice(shape=(100, 128, 128), spacing=(2.5, 3, 3))
    flat = dose(grid, lambda x, y, z: 30 + 0 * x + z / 10, plan=planned, structures=drawn)
    place = tmp_path_factory.mktemp("set")
    write(place, [*made, drawn, planned, flat])
    return place


@pytest.fixture(scope="module")
def slices(folder, tmp_path_factory):
    """The CT slices alone."""
    only = tmp_path_factory.mktemp("slices")
    for path in folder.glob("CT*"):
        shutil.copy(path, only)
    assert len(list(only.iterdir())) == SLICES
    return only


@pytest.fixture(autouse=True)
def network():
    need("storescu", "storescp", "getscu", "dcmqrscp", "Orthanc")
    with own_network():
        yield


@contextmanager
def ours(place):
    port = free_port()
    command = [sys.executable, "-m", "tests.archive.listener_process", str(place), str(port)]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdout.readline().strip() == b"ready"
    yield Node("EQS", HERE, port, name="ours")
    process.stdin.close()
    process.wait(20)


@contextmanager
def storescp(place):
    place.mkdir()
    port = free_port()
    command = ["storescp", "-aet", "STORESCP", "-od", str(place), str(port)]
    with running(command, port, place.with_suffix(".log")):
        yield Node("STORESCP", HERE, port)


@contextmanager
def orthanc_alone(place):
    with orthanc(place) as (node, _):
        yield node


SERVERS = {"ours": ours, "storescp": storescp, "dcmqrscp": dcmqrscp, "Orthanc": orthanc_alone}


def dcmtk(*words):
    """Return the seconds a program of DCMTK takes."""
    start = time.perf_counter()
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False,
                          env={**os.environ, "TCP_NODELAY": "1"})  # fmt: skip
    taken = time.perf_counter() - start
    assert done.returncode == 0, done.stdout + done.stderr
    return taken


def storescu(node, folder):
    return dcmtk("storescu", "-aec", node.ae_title, HERE, node.port, "+sd", folder)


def sent_by_us(node, folder):
    objects, _ = outgoing_files(sorted(folder.iterdir()))
    start = time.perf_counter()
    results = send(CALLER, node, objects)
    taken = time.perf_counter() - start
    assert {one.fate for one in results} == {Fate.DONE}
    return taken


def turns(works):
    """Return the seconds of each work, turn by turn."""
    taken = {name: [] for name in works}
    for number in range(TURNS):
        for name, work in works.items():
            taken[name].append(work(number))
    return taken


def tell(title, taken):
    print(f"\n{title}")
    for name, seconds in taken.items():
        middle = sorted(seconds)[len(seconds) // 2]
        print(f"  {name:32} least {min(seconds):.2f} s, median {middle:.2f} s")


@pytest.mark.bench
@pytest.mark.req("Y-02")
def test_that_receiving_is_faster_than_orthanc(slices, tmp_path):
    def received(name):
        def work(turn):
            place = tmp_path / f"{name}{turn}"
            with SERVERS[name](place) as node:
                taken = storescu(node, slices)
            shutil.rmtree(place)
            return taken

        return work

    taken = turns({name: received(name) for name in SERVERS})
    tell(f"receive {SLICES} CT from storescu", taken)
    assert min(taken["ours"]) < min(taken["Orthanc"])


@pytest.mark.bench
@pytest.mark.req("Y-08")
def test_that_sending_to_orthanc_is_as_fast_as_storescu(slices, tmp_path):
    def sending(name, work, **words):
        def one(turn):
            place = tmp_path / f"{name}{turn}"
            with orthanc_alone(place) as node:
                taken = work(replace(node, **words), slices)
            shutil.rmtree(place)
            return taken

        return one

    taken = turns({
        "storescu": sending("scu", storescu),
        "ours, two associations": sending("two", sent_by_us),
        "ours, one association": sending("one", sent_by_us, parallel=1),
    })  # fmt: skip
    tell(f"send {SLICES} CT to Orthanc", taken)
    assert min(taken["ours, two associations"]) <= min(taken["storescu"])


@pytest.mark.bench
@pytest.mark.req("Y-07", "Y-12")
@pytest.mark.parametrize("server", ["Orthanc", "ours"])
def test_that_retrieving_a_set_takes_at_most_twice_getscu(folder, tmp_path, server):
    uid = str(pydicom.dcmread(next(folder.glob("RTPLAN*"))).StudyInstanceUID)
    count = len(list(folder.iterdir()))

    def getscu(turn):
        out = tmp_path / f"got{turn}"
        out.mkdir()
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}"]
        taken = dcmtk("getscu", "-S", "-aec", node.ae_title, "-od", out, HERE, node.port, *keys)
        assert len(list(out.iterdir())) == count
        shutil.rmtree(out)
        return taken

    asked = []

    def got(turn):
        place = tmp_path / f"archive{turn}"
        archive = Archive(place)
        start = time.perf_counter()
        with querying(CALLER, node) as query:
            there = list(query.instances(study_uid=uid))
        asked.append(time.perf_counter() - start)
        start = time.perf_counter()

        def take(objects, sender):
            return archive.take_in_many(objects, "network", sender)

        results = get(CALLER, node, there, take)
        taken = time.perf_counter() - start
        assert len(results) == count
        assert {one.fate for one in results} == {Fate.DONE}
        archive.close()
        shutil.rmtree(place)
        return taken

    with SERVERS[server](tmp_path / "server") as node:
        storescu(node, folder)
        taken = turns({"getscu": getscu, "ours, indexed and durable": got})
    taken["asking what there is"] = asked
    tell(f"retrieve {count} objects (CT, structures, plan, dose) from {server}", taken)
    assert min(taken["ours, indexed and durable"]) <= 2 * min(taken["getscu"])
    assert max(taken["ours, indexed and durable"]) + max(asked) < PAPER_S

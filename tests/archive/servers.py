"""Real servers for the tests: Orthanc and DCMTK's dcmqrscp, in a network of their own.

Both listen on every address of the machine, so they and the test run in a private network
namespace. Where that is not allowed (it needs root), the tests are skipped; EQS_OPEN_SERVERS=1
runs them on the real network all the same.
"""

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.archive.nodes import Kind, Node

HERE = "127.0.0.1"
CLONE_NEWNET = 0x40000000
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
RECEIVER_PORT = 11121
TITLES = ("CLIENT", "EQS")


@contextmanager
def own_network():
    """Put this thread, and what it starts from now on, into a network with only 127.0.0.1."""
    if os.environ.get("EQS_OPEN_SERVERS"):
        yield
        return
    if not sys.platform.startswith("linux"):
        pytest.skip("a private network namespace needs Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open(f"/proc/{os.getpid()}/task/{_thread()}/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip("a private network namespace needs root (or set EQS_OPEN_SERVERS=1)")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        try:
            yield
        finally:
            libc.setns(before, CLONE_NEWNET)
    finally:
        os.close(before)


def _thread():
    import threading

    return threading.get_native_id()


def free_port():
    with socket.socket() as line:
        line.bind((HERE, 0))
        return line.getsockname()[1]


def wait_for(port, process, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}")
        try:
            with socket.create_connection((HERE, port), 0.2):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


@contextmanager
def running(command, port, log):
    environment = {**os.environ, "TCP_NODELAY": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(20)


def need(*programs):
    for one in programs:
        if shutil.which(one) is None:
            pytest.skip(f"{one} is not on this machine (Debian packages dcmtk, orthanc)")


@contextmanager
def orthanc(folder):
    """Yield Orthanc's DIMSE node and its DICOMweb node."""
    need("Orthanc")
    if not DICOMWEB.is_file():
        pytest.skip("Orthanc's DICOMweb is not on this machine (Debian package orthanc-dicomweb)")
    folder.mkdir()
    port, web = free_port(), free_port()
    told = {
        "Name": "TEST", "StorageDirectory": str(folder), "IndexDirectory": str(folder),
        "Plugins": [str(DICOMWEB)], "HttpPort": web, "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "DicomAet": "ORTHANC", "DicomPort": port,
        "DicomCheckCalledAet": False, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True, "UnknownSopClassAccepted": True,
        "DicomModalities": {name.lower(): {"AET": name, "Host": HERE, "Port": RECEIVER_PORT}
                            for name in TITLES},
    }  # fmt: skip
    config = folder / "orthanc.json"
    config.write_text(json.dumps(told))
    with running(["Orthanc", str(config)], port, folder / "log.txt"):
        yield (
            Node("ORTHANC", HERE, port, name="Orthanc"),
            Node("", "", 0, name="Orthanc web", kind=Kind.WEB,
                 url=f"http://{HERE}:{web}/dicom-web"),
        )  # fmt: skip


@contextmanager
def dcmqrscp(folder):
    """Yield the node of DCMTK's archive."""
    need("dcmqrscp")
    store = folder / "store"
    store.mkdir(parents=True)
    port = free_port()
    hosts = "\n".join(f"{name.lower()} = ({name}, {HERE}, {RECEIVER_PORT})" for name in TITLES)
    config = folder / "dcmqrscp.cfg"
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 16\n"
        f"HostTable BEGIN\n{hosts}\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nDCMQR {store} RW (1000, 4096mb) ANY\nAETable END\n"
    )
    with running(["dcmqrscp", "-c", str(config)], port, folder / "log.txt"):
        yield Node("DCMQR", HERE, port, name="dcmqrscp", parallel=1)

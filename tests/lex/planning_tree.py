"""A planning server's tree for the tests: small and invented, with what must not be fetched."""

import hashlib
import shutil
from contextlib import contextmanager
from pathlib import Path

from app.lex.servers import Server
from tests.lex import ftp_server, sftp_server
from tests.lex import pinnacle_sample as sample

PROTOCOLS = ("ftp", "sftp", "folder")
FOLDER = "Institution_1/Mount_0/Patient_1"
DOSE = [100.0] * 27


def write_tree(root: Path) -> Path:
    """Two patients, the first with a plan that can be read; images and foreign files beside."""
    mount = root / "Institution_1" / "Mount_0"
    plan = sample.write_plan(mount)
    sample.write_dose(plan, DOSE)
    (plan / "plan.Trial.binary.099").write_bytes(bytes(300_000))
    (plan / "core").write_bytes(b"not wanted")
    patient = plan.parent
    (patient / "ImageSet_0.header").write_text("x_start_dicom = -1;\n")
    (patient / "ImageSet_0.img").write_bytes(bytes(1000))
    (patient / "Plan_7").mkdir()
    (patient / "Plan_7" / "plan.Trial").write_text("// not listed\n")
    lines = {
        "Patient_1": "DOE&&JO&&&&77&&DR&&2024-01-01 10:00:00",
        "Patient_2": "ROE&&ANN&&&&78&&DR&&2024-01-02 10:00:00",
    }
    index = sample.many(
        Name="Clinic",
        InstitutionPath="Institution_1",
        PatientLiteList={"PatientLite": [
            {"PatientID": n, "PatientPath": f"Institution_1/Mount_0/{name}",
             "FormattedDescription": about}
            for n, (name, about) in enumerate(lines.items(), 1)]},
    )  # fmt: skip
    (root / "Institution_1" / "Institution").write_text(index)
    return root


def copy_of_the_real_one(shared_data: Path, target: Path) -> Path:
    return Path(shutil.copytree(shared_data / "pinnacle" / "institution_01", target))


def state_of(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time and SHA-256 of every file and folder: equal means nobody wrote anything."""
    return {
        path.relative_to(root).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder",
        )
        for path in sorted([root, *root.rglob("*")])
    }


@contextmanager
def served(protocol: str, root: Path, **options):
    """The tree behind one of the protocols: its `Server`, its password, and the running server."""
    if protocol == "folder":
        yield Server("Test", "folder", str(root)), "", None
        return
    module = {"ftp": ftp_server, "sftp": sftp_server}[protocol]
    with getattr(module, f"{protocol}_server")(root, **options) as running:
        key = sftp_server.FINGERPRINT if protocol == "sftp" else ""
        server = Server(
            "Test", protocol, "/", "127.0.0.1", running.port, module.USER, host_key=key
        )
        yield server, module.PASSWORD, running

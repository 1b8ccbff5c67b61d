"""Run by the peers' Python: dicompyler-core's DVHs of all structures, timed, as JSON."""

import json
import logging
import sys
import time
import warnings

import pydicom
from dicompylercore import dicomparser, dvhcalc

IMPLICIT = "1.2.840.10008.1.2"


def read(name):
    """Return a data set; files without a head are implicit VR, which it does not guess."""
    data = pydicom.dcmread(name, force=True)
    if "TransferSyntaxUID" not in getattr(data, "file_meta", {}):
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = IMPLICIT
    return data


def answer(structures, dose):
    """Return the values of every structure that has any, and the seconds for all."""
    start, start_processor = time.perf_counter(), time.process_time()
    numbers = dicomparser.DicomParser(structures).GetStructures()
    dvhs = {number: dvhcalc.get_dvh(structures, dose, number) for number in numbers}
    taken = time.perf_counter() - start, time.process_time() - start_processor
    found = {}
    for number, dvh in dvhs.items():
        if dvh.volume > 0:
            doses = [float(dvh.statistic(name).value) for name in ("D95", "D50", "D2")]
            found[number] = [dvh.name, float(dvh.volume), float(dvh.mean), *doses]
    return {"clock_s": taken[0], "processor_s": taken[1], "dvhs": found}


warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
print(json.dumps(answer(*(read(name) for name in sys.argv[1:3]))))

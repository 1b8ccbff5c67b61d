"""pymedphys' gamma with its defaults, run by the peers' own Python; answers in JSON."""

import json
import logging
import sys
import time

import numpy as np
import pymedphys

logging.getLogger().setLevel(logging.ERROR)
data = np.load(sys.argv[1])
local, most = sys.argv[2] == "local", float(sys.argv[3])
axes = (data["z"], data["y"], data["x"])
small = tuple(axis[:8] for axis in axes)
corner = data["reference"][:8, :8, :8] + 1
fraction = int(sys.argv[4]) if len(sys.argv) > 4 else 10
named = {"lower_percent_dose_cutoff": 10, "max_gamma": most, "local_gamma": local,
         "interp_fraction": fraction}  # fmt: skip
pymedphys.gamma(small, corner, small, corner, 3, 2, **named)  # compiled before the clock starts
start, start_processor = time.perf_counter(), time.process_time()
found = pymedphys.gamma(axes, data["reference"], axes, data["evaluated"], 3, 2, **named)
seconds, processor = time.perf_counter() - start, time.process_time() - start_processor
judged = found[np.isfinite(found)]
json.dump({"seconds": seconds, "processor": processor,
           "pass": 100 * float(np.mean(judged <= 1)), "n": len(judged)},
          sys.stdout)  # fmt: skip

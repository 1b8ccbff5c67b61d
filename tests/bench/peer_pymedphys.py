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
start = time.perf_counter()
found = pymedphys.gamma(
    axes, data["reference"], axes, data["evaluated"], 3, 2, lower_percent_dose_cutoff=10,
    max_gamma=most, local_gamma=local, quiet=True,
)  # fmt: skip
seconds = time.perf_counter() - start
judged = found[np.isfinite(found)]
json.dump({"seconds": seconds, "pass": 100 * float(np.mean(judged <= 1)), "n": len(judged)},
          sys.stdout)  # fmt: skip

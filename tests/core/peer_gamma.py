"""pymedphys' gamma of two doses of a file, run by the peers' own Python; writes it beside."""

import logging
import sys

import numpy as np
import pymedphys

logging.getLogger().setLevel(logging.ERROR)
data = np.load(sys.argv[1])
axes = tuple(data[name] for name in ("z", "y", "x") if len(data[name]) > 1)
doses = [np.squeeze(data[name]) for name in ("reference", "evaluated")]
found = pymedphys.gamma(
    axes, doses[0], axes, doses[1], float(sys.argv[3]), float(sys.argv[4]),
    lower_percent_dose_cutoff=10, max_gamma=2, local_gamma=sys.argv[2] == "local",
    interp_fraction=int(sys.argv[6]) if len(sys.argv) > 6 else 10, quiet=True,
)  # fmt: skip
np.save(sys.argv[5], found)

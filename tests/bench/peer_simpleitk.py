"""Run by the peers' Python: SimpleITK's GDCM reader on a folder, the best of three, as JSON."""

import json
import sys
import time

import SimpleITK


def seconds(folder):
    """Return how long one reading takes."""
    start = time.perf_counter()
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    reader.Execute()
    return time.perf_counter() - start


print(json.dumps({"seconds": min(seconds(sys.argv[1]) for _ in range(3))}))

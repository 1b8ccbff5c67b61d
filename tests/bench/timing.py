"""Processor time and time by the clock, turn by turn, so that a busy moment hits all alike."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time


@dataclass(frozen=True)
class Taken:
    """Seconds of the turns of one work.

    Attributes:
        clock_s: By the clock: what a user waits for, and what a busy machine spoils.
        processor_s: Of all threads of this process: what may be compared on a busy machine.

    """

    clock_s: tuple[float, ...]
    processor_s: tuple[float, ...]

    @property
    def usual_s(self):
        """Median by the clock."""
        return median(self.clock_s)

    @property
    def usual_processor_s(self):
        """Median of processor time."""
        return median(self.processor_s)


def turns(*works, rounds=7):
    """Return what each work takes."""
    taken = [([], []) for _ in works]
    for _ in range(rounds):
        for work, (clock, processor) in zip(works, taken, strict=True):
            start, start_processor = perf_counter(), process_time()
            work()
            clock.append(perf_counter() - start)
            processor.append(process_time() - start_processor)
    return [Taken(tuple(clock), tuple(processor)) for clock, processor in taken]


def fastest(*works, rounds=7):
    """Return the least processor seconds of each work."""
    return [min(own.processor_s) for own in turns(*works, rounds=rounds)]

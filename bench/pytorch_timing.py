"""How long a call takes, for all tasks of PyTorch's side."""

import time


def timed(action, repeat: int) -> list[float]:
    """Milliseconds of each of `repeat` calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter_ns()
        action()
        times.append((time.perf_counter_ns() - start) / 1e6)
    return times


def timed_together(action, repeat: int) -> list[float]:
    """The mean of `repeat` calls as a single time: for what is shorter than reading the clock is worth."""
    start = time.perf_counter_ns()
    for _ in range(repeat):
        action()
    return [(time.perf_counter_ns() - start) / 1e6 / repeat]

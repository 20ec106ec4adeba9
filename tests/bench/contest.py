"""Contenders measured in turn, so that whatever else the machine does meets all of them alike."""

import dataclasses
import os
import statistics
import subprocess
import time


@dataclasses.dataclass
class Figure:
    """One line of the table: what we need or reach, what the peer does, and how the two compare."""

    what: str
    unit: str
    ours: float
    spread: float  # of ours: half the distance of the quartiles, as a share of the median
    peer: str
    theirs: float
    ratio: float   # ours / theirs, in the unit given
    target: str
    met: bool

    def as_json(self):
        return dataclasses.asdict(self)


class Contender:
    """A program that answers each line with a number."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, **options)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        return None if answer in ("", "missing") else float(answer)

    def end(self):
        """Ends it; the most memory it had, in bytes."""
        self.process.stdin.close()
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        return usage.ru_maxrss * 1024


def in_turn(contenders, rounds):
    """{name: the `rounds` results of calling contenders[name]}, one round after the other."""
    results = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            results[name].append(run())
    return results


def median_and_spread(values):
    middle = statistics.median(values)
    if len(values) < 4:
        return middle, (max(values) - min(values)) / 2 / middle
    lower, _, upper = statistics.quantiles(values, n=4)
    return middle, (upper - lower) / 2 / middle


@dataclasses.dataclass
class Process:
    seconds: float   # from starting it until it has ended
    peak_bytes: int  # resident


def run_process(arguments):
    """Runs a program to its end with its output thrown away; it must succeed."""
    arguments = [str(argument) for argument in arguments]
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    begin = time.perf_counter()
    child = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=[nowhere])
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with status {os.waitstatus_to_exitcode(status)}")
    return Process(seconds, usage.ru_maxrss * 1024)

"""Runs one command and tells what it took. A process of its own, because it has to be small.

    python -I -S launch.py watched|alone SECONDS OUT ERR FOLDER COMMAND...

Linux counts the memory that a process had when it was still its parent's double, so what starts a
command is the least that the command seems to need. Prints exit code, wall seconds, CPU seconds (of the
command and of all that it waited for), MiB at the peak of the largest process and, where it was watched,
of all its processes together; watching takes time of the command's own, so that time is not to be kept.
"""

from __future__ import annotations

import os
import signal
import sys
import time

_EVERY = 0.005
"""Seconds between two looks at the memory of all processes."""
_KCMP = {"x86_64": 312, "aarch64": 272}
"""The number of the system call that compares two processes; it has no name in Python."""
_KCMP_VM = 1


def main(watched: str, seconds: str, out: str, err: str, folder: str, *command: str) -> None:
    """Run a command to its end; it is ended, with all that it started, when it takes too long."""
    os.chdir(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, out, flags, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, err, flags, 0o600),
    ]
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions, setpgroup=0)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
    signal.alarm(int(seconds))
    together = _together(pid) if watched == "watched" else 0.0
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    kib = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    code, cpu, largest = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, kib / 1024
    sys.stdout.write(f"{code} {wall} {cpu} {largest} {max(largest, together)}\n")


def _together(root: int) -> float:
    """MiB at the peak of a process and all below it, pages that they share counted once."""
    import ctypes  # noqa: PLC0415  only now: what the command began with is already settled

    kcmp = ctypes.CDLL(None).syscall
    number = _KCMP.get(os.uname().machine, 0)

    def is_apart(pid: int, parent: int) -> bool:
        """Whether a process has memory of its own: between vfork and exec it is its parent's."""
        return not number or kcmp(number, pid, parent, _KCMP_VM, 0, 0) != 0

    peak = 0
    while os.waitid(os.P_PID, root, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        family = [(root, 0), *_below(root)]
        found = sum(_kib(pid) for pid, parent in family if not parent or is_apart(pid, parent))
        # What was counted of one, before it shared it with another that began meanwhile, would count twice.
        if family == [(root, 0), *_below(root)]:
            peak = max(peak, found)
        time.sleep(_EVERY)
    return peak / 1024


def _below(parent: int) -> list[tuple[int, int]]:
    """Every process below one, with its parent; any thread of that may have started it."""
    try:
        threads = os.listdir(f"/proc/{parent}/task")  # noqa: PTH208  as below
    except OSError:
        return []
    told = " ".join(_read(f"/proc/{parent}/task/{thread}/children") for thread in threads)
    children = [int(child) for child in told.split()]
    return [*((child, parent) for child in children), *(each for child in children for each in _below(child))]


def _kib(pid: int) -> int:
    lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _read(path: str) -> str:
    """What the system tells; nothing of a process that has ended."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123  pathlib would be most of the memory here
            return file.read()
    except OSError:
        return ""


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Processes below this one, their memory, and their end, as /proc tells; for flower.py."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None)


def adopt_orphans():
    """Makes this process the parent of those below it whose parents end: none gets away from stop_all()."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent():
    """For a new process: it ends when its parent does, even if that is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def descendants(root):
    """The processes below `root`, at any depth."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            stat = pathlib.Path("/proc", entry, "stat").read_text(encoding="utf-8", errors="replace")
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, left = [], [root]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def program(pid):
    """The name of a process's console script, such as flwr-serverapp; empty if it has ended."""
    with contextlib.suppress(OSError):
        words = pathlib.Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
        return os.path.basename(words[1 if len(words) > 2 else 0]).decode()
    return ""


def resident_mb(pid):
    """(now, peak) resident memory of a process; zeros if it has ended."""
    with contextlib.suppress(OSError):
        status = pathlib.Path("/proc", str(pid), "status").read_text(encoding="utf-8")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(lines.get(key, "0 kB").split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    return 0.0, 0.0


def reap():
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def stop_all():
    """Ends every process below this one; orphans are below it too, as it is their reaper."""
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + patience
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while time.monotonic() < deadline:
            reap()
            if not descendants(os.getpid()):
                return
            time.sleep(0.05)


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Memory:
    """Peak resident memory of a process and of all below it, by program; the superlink has one process of each."""

    def __init__(self, root):
        self.root = root
        self.peak_mb = {}
        self.at_once_mb = 0.0

    def sample(self):
        now_mb = 0.0
        for pid in [self.root, *descendants(self.root)]:
            now, peak = resident_mb(pid)
            now_mb += now
            name = program(pid)
            if name.startswith(("flower-", "flwr-")):
                self.peak_mb[name] = max(peak, self.peak_mb.get(name, 0.0))
        self.at_once_mb = max(self.at_once_mb, now_mb)

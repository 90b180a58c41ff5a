"""Runs flower_app in Flower's deployment mode and measures it from the server's side; flower.sh is the way to start it."""

import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import flower_processes as processes

APP = pathlib.Path(__file__).resolve().parent / "flower_app"
BIN = pathlib.Path(sys.executable).parent
CASES = {"tiny": {"parameters": 2_500, "clients": 10}, "large": {"parameters": 25_000_000, "clients": 8}}
SAMPLE_SECONDS = 0.25
START_SECONDS = 180  # for a process to answer
STALL_SECONDS = 1200  # for a round


class Failed(Exception):
    """What the user is told instead of a trace."""


class Cluster:
    """A superlink and supernodes on loopback."""

    def __init__(self, work):
        self.work = work
        self.port = 0
        self.superlink = None
        self.environment = {
            **os.environ,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",  # Flower starts its own parts by name
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def spawn(self, name, *command):
        """Starts a program of Flower with a home of its own; its output goes to a log."""
        home = self.work / f"{name}-home"
        home.mkdir()
        with open(self.work / f"{name}.log", "wb") as log:
            return subprocess.Popen(
                [BIN / command[0], *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=home,
                env={**self.environment, "FLWR_HOME": str(home)},
                preexec_fn=processes.end_with_parent)

    def start(self, clients):
        self.port, *ports = processes.free_ports(clients + 1)
        self.superlink = self.spawn(
            "superlink", "flower-superlink", "--insecure", "--host", "127.0.0.1", "--port", str(self.port))
        self.wait_for_superlink()
        for index, port in enumerate(ports):
            self.spawn(f"supernode-{index}", "flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{self.port}",
                       "--host", "127.0.0.1", "--port", str(port), "--node-config", f"partition-id={index}")

    def wait_for_superlink(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self.superlink.poll() is not None:
                break
            time.sleep(0.1)
        raise Failed(f"flower-superlink did not start; the end of its log:\n{self.tail('superlink')}")

    def submit(self, config):
        """`flwr run`; returns when the superlink has taken the run."""
        home = self.work / "cli-home"
        home.mkdir()
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "bench"\n\n[superlink.bench]\naddress = "127.0.0.1:{self.port}"\ninsecure = true\n',
            encoding="utf-8")
        # A copy, because Flower may leave files beside the app that it packs.
        app = shutil.copytree(APP, self.work / "app", ignore=shutil.ignore_patterns("__pycache__"))
        overrides = " ".join(f"{key}={json.dumps(value)}" for key, value in config.items())
        done = subprocess.run([BIN / "flwr", "run", app, "bench", "--run-config", overrides], cwd=home, text=True, check=False,
                              env={**self.environment, "FLWR_HOME": str(home)}, timeout=START_SECONDS,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise Failed(f"flwr run failed:\n{done.stdout}")

    def tail(self, name):
        return (self.work / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-4000:]


def new_notes(path, known):
    """What the app has noted after the notes that are known."""
    if not path.exists():
        return []
    complete = path.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
    return [json.loads(line) for line in complete[known:]]


def take_round(note, options):
    if note["accepted"] != options.clients:
        raise Failed(f"round {note['round']}: {note['accepted']} of {options.clients} updates")
    print(f"flower: round {note['round']}: {note['seconds']:.3f} s", flush=True)


def follow(cluster, memory, path, options):
    """Prints the rounds as they end; returns their seconds when the server's app has ended with the right model."""
    notes, seen = [], False
    deadline = time.monotonic() + STALL_SECONDS
    while time.monotonic() < deadline:
        memory.sample()
        running = any(processes.program(pid) == "flwr-serverapp" for pid in processes.descendants(cluster.superlink.pid))
        for note in new_notes(path, len(notes)):
            if "round" in note:
                take_round(note, options)
            notes.append(note)
            deadline = time.monotonic() + STALL_SECONDS
        if seen and not running:
            if notes and notes[-1].get("correct"):
                return [note["seconds"] for note in notes[:-1]]
            raise Failed("the app ended with a wrong model" if notes and "correct" in notes[-1] else
                         f"the app ended after {len(notes)} of {options.rounds} rounds")
        if cluster.superlink.poll() is not None:
            raise Failed("flower-superlink ended")
        seen = seen or running
        time.sleep(SAMPLE_SECONDS)
    raise Failed(f"no round ended within {STALL_SECONDS} s")


def measure(options, work):
    cluster = Cluster(work)
    cluster.start(options.clients)
    memory = processes.Memory(cluster.superlink.pid)
    notes = work / "notes.jsonl"
    cluster.submit({"parameters": options.parameters, "clients": options.clients, "rounds": options.rounds,
                    "notes": str(notes)})
    try:
        seconds = follow(cluster, memory, notes, options)
    except Failed as error:
        raise Failed(f"{error}; the end of the superlink's log:\n{cluster.tail('superlink')}") from error
    return {
        "schema_version": 1,
        "system": f"flower {importlib.metadata.version('flwr')}",
        "case": options.case,
        "clients": options.clients,
        "parameters": options.parameters,
        "round_seconds": seconds,
        "median_round_seconds": statistics.median(seconds),
        "peak_mb": sum(memory.peak_mb.values()),
        "peak_at_once_mb": memory.at_once_mb,
        "peak_mb_by_program": memory.peak_mb,
    }


def print_summary(result):
    parts = ", ".join(f"{name} {peak:.1f}" for name, peak in sorted(result["peak_mb_by_program"].items()))
    print(f"{result['system']}, {result['case']}: {result['clients']} clients, {result['parameters']:,} parameters, "
          f"{len(result['round_seconds'])} rounds: median {result['median_round_seconds']:.3f} s, "
          f"peak {result['peak_mb']:.1f} MB ({parts}; {result['peak_at_once_mb']:.1f} at one time)")


def parse_options():
    def positive(text):
        if int(text) < 1:
            raise ValueError
        return int(text)

    parser = argparse.ArgumentParser(prog="flower.sh", description="Time and memory of Flower's rounds without training.")
    parser.add_argument("case", choices=CASES, help="tiny: 2,500 parameters; large: 25,000,000 (100 MB)")
    parser.add_argument("--clients", type=positive, metavar="N", help="supernodes (tiny: 10, large: 8)")
    parser.add_argument("--rounds", type=positive, metavar="R", default=3, help="default 3")
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"), help="write the result there too")
    options = parser.parse_args()
    options.parameters = CASES[options.case]["parameters"]
    options.clients = options.clients or CASES[options.case]["clients"]
    return options


class Ending:
    """Handles signals: the first one ends the program; once it is ending, for whatever reason, they change nothing."""

    def __init__(self):
        self.begun = False

    def __call__(self, number, _):
        if not self.begun:
            self.begun = True
            sys.exit(128 + number)


def main():
    options = parse_options()
    ending = Ending()
    processes.adopt_orphans()
    work = pathlib.Path(tempfile.mkdtemp(prefix="flower-bench-"))
    try:
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, ending)
            result = measure(options, work)
        finally:  # apart, so that a signal that comes just here finds the cleaning up still ahead
            ending.begun = True
    except (Failed, subprocess.TimeoutExpired) as error:
        sys.exit(f"error: {error}")
    finally:
        processes.stop_all()
        shutil.rmtree(work, ignore_errors=True)
    print_summary(result)
    if options.json:
        json.dump(result, options.json, indent=2)
        options.json.write("\n")


if __name__ == "__main__":
    main()

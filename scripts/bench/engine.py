#!/usr/bin/env python3
"""Latency, memory and time to the first answer of the edge engine beside ONNX Runtime, OpenVINO and LibTorch.

    python3 -m venv VENV && VENV/bin/pip install torch==2.13.0 onnx onnxscript onnxruntime openvino
    VENV/bin/python scripts/bench/engine.py [NETWORK ...] [--threads 1] [--compute fp32|bf16] [--turns 7] [--cpu-time]
                                            [--json FILE]

Every runtime loads the same network in a process of its own; they take turns, so that what else the machine does falls on
all of them. A figure is the median over turns of each turn's median. Ratios are to the better of ONNX Runtime and
OpenVINO. In bf16, which ONNX Runtime has not on CPUs, that one stays in float32. Needs build/release with -DFEDGE_BENCHMARKS=ON.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "release"
PEERS = ["onnxruntime", "openvino"]


class Worker:
    """A runtime with a loaded network."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = json.loads(self.process.stdout.readline() or "null")
        if self.first is None:
            raise RuntimeError(f"{command[0]} ended; see above")

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def latencies(self, runs):
        """In microseconds."""
        return self.ask(runs)

    def cpu_time(self, runs):
        """In microseconds an inference, of all its threads; in a list."""
        before = self.cpu_nanoseconds()
        self.ask(runs)
        return [(self.cpu_nanoseconds() - before) / runs / 1e3]

    def cpu_nanoseconds(self):
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def export(name, folder, compute):
    """The network as TorchScript, ONNX and edge program, and an input."""
    import numpy
    import torch
    import networks
    module, x = networks.make(name)
    with torch.inference_mode():
        traced = torch.jit.trace(module, x, check_trace=False)
        expected = module(x).numpy()
    traced.save(folder / "model.pt")
    torch.onnx.export(module, (x,), folder / "model.onnx", dynamo=False, opset_version=17, input_names=["x"],
                      output_names=["y"])
    numpy.save(folder / "input.npy", x.numpy())
    (folder / "input.bin").write_bytes(x.numpy().tobytes())
    shape = "x".join(str(size) for size in x.shape)
    dtype = "" if x.dtype == torch.float32 else f":{str(x.dtype).split('.')[-1]}"
    subprocess.run([BUILD / "bin" / "compress", folder / "model.pt", "-o", folder / "edge.pt", "--input", shape + dtype,
                    "--no-measure", "--force", *(["--bf16"] if compute == "bf16" else [])], check=True, stdout=subprocess.DEVNULL)
    return expected


def commands(folder, threads, compute):
    openvino = "openvino-bf16" if compute == "bf16" else "openvino"
    python = [sys.executable, HERE / "engine_worker.py"]
    return {
        "fedge": [BUILD / "bench" / "engine_worker", folder / "edge.pt", folder / "input.bin", threads, compute],
        "onnxruntime": [*python, "onnxruntime", folder / "model.onnx", folder / "input.npy", threads],
        "openvino": [*python, openvino, folder / "model.onnx", folder / "input.npy", threads],
        "libtorch": [*python, "libtorch", folder / "model.pt", folder / "input.npy", threads],
    }


def measure(name, arguments):
    import numpy
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        expected = export(name, folder, arguments.compute)
        workers = {kind: Worker(command) for kind, command in commands(folder, arguments.threads, arguments.compute).items()}
        workers["fedge"].ask(f"save {folder / 'output.bin'}")
        output = numpy.frombuffer((folder / "output.bin").read_bytes(), dtype=numpy.float32).reshape(expected.shape)
        error = float(numpy.abs(output - expected).max() / numpy.abs(expected).max())
        medians = {kind: [] for kind in workers}
        runs = {kind: max(3, min(2000, int(2e5 / statistics.median(worker.ask("3"))))) for kind, worker in workers.items()}
        for _ in range(arguments.turns):
            for kind, worker in workers.items():
                figures = worker.cpu_time if arguments.cpu_time else worker.latencies
                medians[kind].append(statistics.median(figures(runs[kind])))
        result = {"network": name, "threads": arguments.threads, "compute": arguments.compute, "largest_difference": error}
        for kind, worker in workers.items():
            result[kind] = {"latency_us": statistics.median(medians[kind]), **worker.first}
            worker.close()
        return result


def ratio(result, key):
    return result["fedge"][key] / min(result[peer][key] for peer in PEERS)


def show(result):
    line = f"{result['network']:12}"
    for kind in ["fedge", *PEERS, "libtorch"]:
        line += f" {result[kind]['latency_us'] / 1e3:9.3f}"
    line += f" {ratio(result, 'latency_us'):6.2f} | {result['fedge']['resident_mb']:6.1f} {ratio(result, 'resident_mb'):5.2f}"
    line += f" | {result['fedge']['load_ms']:7.1f} {ratio(result, 'load_ms'):5.2f} | {result['largest_difference']:.1e}"
    print(line, flush=True)


def main():
    sys.path.insert(0, str(HERE))
    import networks
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("networks", nargs="*", default=list(networks.NETWORKS), metavar="NETWORK",
                        help=f"of {', '.join(networks.NETWORKS)} (default: all)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compute", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true",
                        help="processor time of all threads in place of latency: for a machine that others use, and networks of "
                             "milliseconds")
    parser.add_argument("--json", type=pathlib.Path, help="where to write all figures")
    arguments = parser.parse_args()
    print(f"{'median, ms':12} {'fedge':>9} {'onnxrt':>9} {'openvino':>9} {'libtorch':>9} {'ratio':>6} | "
          f"{'MB':>6} {'ratio':>5} | {'load ms':>7} {'ratio':>5} | difference", flush=True)
    results = []
    for name in arguments.networks:
        results.append(measure(name, arguments))
        show(results[-1])
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

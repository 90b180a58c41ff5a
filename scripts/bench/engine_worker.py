#!/usr/bin/env python3
"""One peer of scripts/bench/engine.py in a process of its own: loads a model, then answers commands on standard input.

    engine_worker.py onnxruntime|openvino|openvino-bf16|libtorch MODEL INPUT.npy THREADS

Prints a JSON line when the first answer is there ({"load_ms": ..., "resident_mb": ...}), and for each line `N` read one
with N latencies in microseconds. `save FILE` writes the outputs as .npy.
"""

import json
import sys
import time


def resident_mb():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def load(kind, model, threads, x):
    if kind == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda: session.run(None, {name: x})[0]
    if kind.startswith("openvino"):
        import openvino
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1,
                    "INFERENCE_PRECISION_HINT": "bf16" if kind.endswith("bf16") else "f32"}
        core = openvino.Core()
        network = core.read_model(model)
        network.reshape(x.shape)
        request = core.compile_model(network, "CPU", settings).create_infer_request()
        return lambda: request.infer({0: x}, share_inputs=True, share_outputs=True)[0]
    import torch
    torch.set_num_threads(threads)
    module = torch.jit.load(model).eval()
    given = torch.from_numpy(x)

    def run():
        with torch.inference_mode():
            return module(given).numpy()

    return run


def main():
    kind, model, input_file, threads = sys.argv[1:5]
    import numpy
    x = numpy.load(input_file)
    begin = time.perf_counter()
    run = load(kind, model, int(threads), x)
    run()
    first = {"load_ms": 1e3 * (time.perf_counter() - begin), "resident_mb": resident_mb()}
    print(json.dumps(first), flush=True)
    for line in sys.stdin:
        command = line.split()
        if command[0] == "save":
            numpy.save(command[1], run())
            print("{}", flush=True)
            continue
        times = []
        for _ in range(int(command[0])):
            start = time.perf_counter_ns()
            run()
            times.append((time.perf_counter_ns() - start) / 1e3)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes small .pt files with the torch that runs it, and beside each what torch says is in it.

    python3 scripts/golden/make_archives.py tests/golden/archive/torch-2.13 [NAME ...]
    python3 scripts/golden/make_archives.py --describe FILE.pt    # of another writer's module

NAME.pt is the archive. NAME.txt has a line for each tensor, in torch's own words:

    NAME KIND DTYPE SHAPE STRIDES REQUIRES_GRAD CRC32

where KIND is parameter, buffer or attribute, a scalar's shape is "-", and the CRC-32 is of the
tensor's elements in row-major order, as bytes. NAME.reject instead of it holds a part of the
message that such a file must be refused with.
torch 1.13 with Python 3.11 can't compile `enums`: name the others.
"""

import enum
import pathlib
import sys
import zlib
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import nn

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def fill(module):
    """Values that are all different, the same in every version of torch."""
    with torch.no_grad():
        for i, tensor in enumerate(list(module.parameters()) + list(module.buffers())):
            if tensor.is_floating_point() and 0 not in tensor.stride():
                tensor.copy_((torch.arange(tensor.numel()).reshape(tensor.shape) % 64 + i) / 64)
    return module


def row_major_bytes(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    if flat.numel() == 0:
        return b""
    return (
        bytes(flat.view(torch.uint8).tolist())
        if flat.dtype != torch.bool
        else bytes(flat.to(torch.uint8).tolist())
    )


def line(name, kind, tensor):
    def numbers(values):
        return ",".join(str(v) for v in values) or "-"

    return " ".join(
        [
            name,
            kind,
            str(tensor.dtype).removeprefix("torch."),
            numbers(tensor.shape),
            numbers(tensor.stride()),
            str(int(tensor.requires_grad)),
            f"{zlib.crc32(row_major_bytes(tensor)):08x}",
        ]
    )


def module_lines(script, attributes):
    """Of every module, shared ones under each of their names."""
    lines = []

    def visit(module, prefix):
        for name, tensor in module._parameters.items():
            if tensor is not None:
                lines.append(line(prefix + name, "parameter", tensor))
        for name, tensor in module._buffers.items():
            if tensor is not None:
                lines.append(line(prefix + name, "buffer", tensor))
        for name, child in module._modules.items():
            visit(child, f"{prefix}{name}.")

    visit(script, "")
    return lines + [line(name, "attribute", tensor) for name, tensor in attributes.items()]


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))

    def forward(self, x):
        return self.layers(x)


class Convnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.Dropout(0.5)
        )

    def forward(self, x):
        return self.features(x)


class Views(nn.Module):
    """Storages that several tensors share, and layouts that are not row-major."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 4, bias=False)
        self.out = nn.Linear(3, 4, bias=False)
        self.out.weight = self.embed.weight
        self.transposed = nn.Parameter(torch.zeros(2, 5).t())
        self.frozen = nn.Parameter(torch.zeros(2), requires_grad=False)
        self.empty = nn.Parameter(torch.zeros(0, 3))
        base = torch.zeros(12)
        self.register_buffer("row", base.reshape(3, 4)[1])
        self.register_buffer("column", base.reshape(3, 4)[:, 2])
        self.register_buffer("expanded", torch.zeros(1).expand(3))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)
        self.register_buffer("scalar", torch.tensor(7))
        self.register_buffer("counts", torch.arange(3))
        self.register_buffer("absent", None)

    def forward(self, x):
        return self.out(x) + self.embed(x)


class DTypes(nn.Module):
    def __init__(self):
        super().__init__()
        for dtype in DTYPES:
            name = "as_" + str(dtype).removeprefix("torch.")
            self.register_buffer(
                name, (torch.arange(5) % 2 if dtype == torch.bool else torch.arange(5)).to(dtype)
            )
        self.low = nn.Parameter(torch.zeros(3, dtype=torch.float16))
        self.high = nn.Parameter(torch.zeros(3, dtype=torch.float64))

    def forward(self, x):
        return x + self.as_float32.sum()


class Color(enum.Enum):
    RED = 1


class Point(NamedTuple):
    x: torch.Tensor
    y: int


@torch.jit.interface
class Block(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class Double(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


class Attributes(nn.Module):
    """Whatever else a module may hold."""

    step: Block

    def __init__(self):
        super().__init__()
        self.number, self.big, self.negative, self.ratio, self.text = (
            3,
            2**40,
            -(2**33),
            1.5,
            'h\u00e9llo "quoted"',
        )
        self.flags, self.sizes, self.ratios, self.names = (
            [True, False],
            [1, 2, 300, 70000],
            [1.5, 2.5],
            ["a", "b"],
        )
        self.by_name, self.by_number = {"a": torch.ones(2)}, {1: 2}
        self.history = [torch.ones(2), torch.zeros(3)]
        self.nested: List[List[str]] = [["x"], ["y", "z"]]
        self.nothing: Optional[torch.Tensor] = None
        self.maybe: Optional[torch.Tensor] = torch.full((2,), 3.0)
        self.mixed: Tuple[int, float, str, torch.Tensor] = (1, 2.0, "x", torch.ones(1))
        self.device = torch.device("cpu")
        self.complex = 1 + 2j
        self.point = Point(torch.ones(2), 5)
        self.plain = torch.arange(3.0)
        self.heads = nn.ModuleDict(
            {"left": nn.Linear(2, 1), "right.1".replace(".", "_"): nn.Linear(2, 1)}
        )
        self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
        self.weights = nn.ParameterList(
            [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))]
        )
        self.step = Double()
        shared = nn.Linear(2, 2)
        self.first, self.second = shared, shared

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.step(self.second(self.first(x)))


class Enums(nn.Module):
    def __init__(self):
        super().__init__()
        self.color = Color.RED
        self.weight = nn.Parameter(torch.zeros(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight if self.color == Color.RED else x


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, num_layers=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x)[0]


def save_module(folder, name, script, attributes=None, **options):
    torch.jit.save(script, str(folder / f"{name}.pt"), **options)
    (folder / f"{name}.txt").write_text(
        "".join(f"{text}\n" for text in module_lines(script, attributes or {}))
    )


def save_tensors(folder, name, value, tensors):
    torch.save(value, str(folder / f"{name}.pt"))
    (folder / f"{name}.txt").write_text(
        "".join(f"{line(key, 'attribute', t)}\n" for key, t in tensors.items())
    )


def save_rejected(folder, name, message, write):
    write(str(folder / f"{name}.pt"))
    (folder / f"{name}.reject").write_text(message + "\n")


def mlp(folder):
    save_module(
        folder,
        "mlp",
        torch.jit.script(fill(Mlp())),
        _extra_files={"note.txt": "hello", "fedge/empty": ""},
    )


def convnet(folder):
    save_module(folder, "convnet", torch.jit.script(fill(Convnet())))


def traced(folder):
    # Two traced copies of one class in one module: their names are mangled apart.
    parts = [torch.jit.trace(fill(nn.Linear(2, 2)), torch.ones(1, 2)) for _ in range(2)]
    save_module(folder, "traced", torch.jit.trace(nn.Sequential(*parts), torch.ones(1, 2)))


def views(folder):
    save_module(folder, "views", torch.jit.script(fill(Views())))


def dtypes(folder):
    save_module(folder, "dtypes", torch.jit.script(fill(DTypes())))


def attributes(folder):
    module = fill(Attributes())
    save_module(
        folder,
        "attributes",
        torch.jit.script(module),
        {
            "by_name.a": module.by_name["a"],
            "history.0": module.history[0],
            "history.1": module.history[1],
            "maybe": module.maybe,
            "mixed.3": module.mixed[3],
            "point.0": module.point.x,
            "plain": module.plain,
        },
    )


def enums(folder):
    save_module(folder, "enums", torch.jit.script(fill(Enums())))


def lstm(folder):
    module = fill(Lstm())
    flat = {f"lstm._flat_weights.{i}": w for i, w in enumerate(module.lstm._flat_weights)}
    save_module(folder, "lstm", torch.jit.script(module), flat)


def constants(folder):
    save_module(folder, "constants", torch.jit.freeze(torch.jit.script(fill(Mlp()).eval())))


def pair(folder):
    x, y = torch.arange(12.0).reshape(3, 4), torch.tensor([2, 0, 1])
    save_tensors(folder, "pair", (x, y), {"0": x, "1": y})
    save_tensors(folder, "named", {"x": x, "y": y, "classes": ["a", "b"], "n": 3}, {"x": x, "y": y})
    save_tensors(folder, "lone", x.t(), {"0": x.t()})
    state = fill(Mlp()).state_dict()
    save_tensors(folder, "state", state, state)
    parameter = nn.Parameter(torch.ones(2))
    save_tensors(
        folder,
        "listed",
        [parameter, [x[1], x[:, 1]]],
        {"0": parameter, "1.0": x[1], "1.1": x[:, 1]},
    )


def rejected(folder):
    save_rejected(
        folder, "pickled_module", "torch.jit.script", lambda path: torch.save(nn.Linear(1, 1), path)
    )
    save_rejected(
        folder,
        "old_format",
        "no zip file",
        lambda path: torch.save(torch.ones(1), path, _use_new_zipfile_serialization=False),
    )
    save_rejected(
        folder, "complex", "ComplexFloatStorage", lambda path: torch.save(torch.ones(1) * 1j, path)
    )
    save_rejected(
        folder,
        "sparse",
        "_rebuild_sparse_tensor",
        lambda path: torch.save(torch.eye(2).to_sparse(), path),
    )


MAKERS = [mlp, convnet, traced, views, dtypes, attributes, enums, lstm, constants, pair, rejected]


def main():
    if sys.argv[1] == "--describe":
        path = pathlib.Path(sys.argv[2])
        path.with_suffix(".txt").write_text(
            "".join(f"{text}\n" for text in module_lines(torch.jit.load(path), {}))
        )
        return
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[2:] or [make.__name__ for make in MAKERS]
    torch.manual_seed(1)
    for make in MAKERS:
        if make.__name__ in chosen:
            make(folder)


if __name__ == "__main__":
    main()

"""python3 compare_models.py BEFORE.pt AFTER.pt TOLERANCE SHAPE[:DTYPE] ...

Exits 0 if both modules give the same on the same numbers, within TOLERANCE of the largest magnitude.
"""

import sys

import torch


def flatten(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [] if value is None else [tensor for part in value for tensor in flatten(part)]


def example(text, batch):
    shape, _, dtype = text.partition(":")
    sizes = [batch, *(int(size) for size in shape.split("x")[1:])]
    return torch.randint(0, 11, sizes) if dtype == "int64" else torch.rand(sizes)


torch.manual_seed(3)
before, after = torch.jit.load(sys.argv[1]).eval(), torch.jit.load(sys.argv[2]).eval()
for batch in (1, 3):
    inputs = [example(text, batch) for text in sys.argv[4:]]
    with torch.no_grad():
        expected = flatten(before(*[x.clone() for x in inputs]))
        actual = flatten(after(*[x.clone() for x in inputs]))
    assert len(expected) == len(actual) > 0
    for a, e in zip(actual, expected):
        assert a.shape == e.shape and a.dtype == e.dtype, (a.shape, e.shape, a.dtype, e.dtype)
        if e.is_floating_point() and e.numel() > 0:
            largest = max(e.abs().max().item(), 1e-3)
            error = (a - e).abs().max().item()
            assert error <= float(sys.argv[3]) * largest, (error, largest)

#!/usr/bin/env python3
"""Trains a TorchScript file for three full-batch steps and compares the weights with those of another file.

    train_again.py BASE.pt TRAINED.pt COUNT FEATURE_SHAPE TARGET_SHAPE repeat|open
"""
import sys

import torch


def numbers(factor, modulus, shape):
    count = torch.Size(shape).numel()
    return ((torch.arange(count) * factor % modulus) - modulus // 2).float().div(modulus // 2).reshape(shape)


def main():
    base, trained = torch.jit.load(sys.argv[1]), torch.jit.load(sys.argv[2])
    shapes = [[int(sys.argv[3])] + [int(size) for size in text.split(",")] for text in sys.argv[4:6]]
    x, y = numbers(7, 16, shapes[0]), numbers(5, 8, shapes[1])
    if sys.argv[6] == "open":
        assert trained(x).shape == y.shape
        return
    base.train()
    optimizer = torch.optim.SGD([p for p in base.parameters() if p.requires_grad], lr=0.05, momentum=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(base(x), y).backward()
        optimizer.step()
    expected, found = base.state_dict(), trained.state_dict()
    assert list(expected) == list(found)
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-5, atol=1e-6, msg=lambda text, n=name: f"{n}: {text}")


if __name__ == "__main__":
    main()

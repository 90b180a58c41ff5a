"""Writes the tensor pairs that pt_dataset_test reads: run it in this folder with PyTorch 2.x to make them anew."""

import torch

n = 10
y = torch.arange(n) % 3
x = torch.arange(n * 6, dtype=torch.float32).reshape(n, 2, 3) / 4

torch.save({"x": x, "y": y}, "floats.pt")
torch.save((torch.arange(n * 4, dtype=torch.uint8).reshape(n, 1, 2, 2), y.to(torch.uint8)), "bytes.pt")
torch.save({"x": x.half().transpose(1, 2), "y": x[:, 0, :2].double()}, "strided.pt")
tokens = (torch.arange(n * 5) % 7).reshape(n, 5)
torch.save({"x": tokens, "y": (tokens + 1) % 7}, "tokens.pt")
torch.save({"x": x, "y": y[:-1]}, "uneven.pt")
torch.save({"x": x, "y": y - 1}, "negative.pt")
torch.save({"x": torch.full((n, 2), float("nan")), "y": y}, "nan.pt")
torch.save({"x": x, "y": y, "weight": torch.ones(n)}, "three.pt")
torch.save({"a": x, "b": y, "c": y}, "unnamed.pt")
torch.save({"x": torch.zeros(1).expand(n, 1 << 30), "y": y}, "expanded.pt")

#!/usr/bin/env python3
"""Writes small networks of every family, scripted and traced, to lower and run.

    python3 scripts/golden/make_networks.py tests/golden/networks [NAME ...]

NAME.pt is the module. NAME.txt has a line for each input of forward: NAME DTYPE SHAPE, where N is
the batch. Widths are tiny, so that all of them together are small.
"""

import pathlib
import sys
import zipfile
from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 5, padding=2)
        self.conv2 = nn.Conv2d(3, 4, 5)
        self.fc1 = nn.Linear(4 * 2 * 2, 12)
        self.fc2 = nn.Linear(12, 10)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return self.fc2(torch.tanh(self.fc1(x)))


class MnistCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.conv2 = nn.Conv2d(4, 4, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(4 * 6 * 6, 8)
        self.fc2 = nn.Linear(8, 10)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return F.log_softmax(self.fc2(F.dropout(x, training=self.training)), dim=1)


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU6(),
                         nn.Dropout(), nn.Linear(8, 5), nn.Softmax(dim=-1))


class Basic(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample: Optional[nn.Module] = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        identity = x
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
                                  nn.MaxPool2d(3, 2, 1))
        self.layers = nn.Sequential(Basic(4, 4, 1), Basic(4, 8, 2))
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, 6)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.layers(self.stem(x))), 1))


class Dense(nn.Module):
    """Concatenation, as in DenseNet and Inception."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(3 + 2 * i), nn.ReLU(), nn.Conv2d(3 + 2 * i, 2, 3, padding=1)) for i in range(3))
        self.transition = nn.Sequential(nn.Conv2d(9, 4, 1), nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False))

    def forward(self, x):
        features = [x]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return self.transition(torch.cat(features, 1)).mean([2, 3])


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, padding=1)
        self.fc1 = nn.Conv2d(8, 2, 1)
        self.fc2 = nn.Conv2d(2, 8, 1)
        self.act = nn.Hardswish(inplace=True)

    def forward(self, x):
        x = self.act(self.conv(x))
        scale = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)), inplace=True)), inplace=True)
        return (x * scale).amax(dim=(2, 3))


class Shuffle(nn.Module):
    """The unit of ShuffleNetV2: split, shuffle by view and transpose."""

    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
                                    nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.BatchNorm2d(4))

    def shuffle(self, x: torch.Tensor, groups: int) -> torch.Tensor:
        batch, channels, height, width = x.size()
        x = x.view(batch, groups, channels // groups, height, width)
        return torch.transpose(x, 1, 2).contiguous().view(batch, channels, height, width)

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        return self.shuffle(torch.cat((a, self.branch(b)), dim=1), 2)


class InvertedResidual(nn.Module):
    def __init__(self, cin, cout, stride, expand):
        super().__init__()
        hidden = cin * expand
        layers: List[nn.Module] = []
        if expand != 1:
            layers += [nn.Conv2d(cin, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True)]
        layers += [nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden),
                   nn.ReLU6(inplace=True), nn.Conv2d(hidden, cout, 1, bias=False), nn.BatchNorm2d(cout)]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and cin == cout

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


def mobilenet():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU6(inplace=True), InvertedResidual(4, 4, 1, 1),
        InvertedResidual(4, 6, 2, 3), InvertedResidual(6, 6, 1, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.2), nn.Linear(6, 5))


class VitMha(nn.Module):
    """With nn.MultiheadAttention, a class token and positions."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Parameter(torch.zeros(1, 17, 8))
        self.norm1 = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm2 = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.positions
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        x = x + self.mlp(self.norm2(x))
        return self.head(x[:, 0])


class VitSdpa(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        b, n, c = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return (x + self.proj(y.transpose(1, 2).reshape(b, n, c))).mean(dim=1)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=False)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)

    def forward(self, tokens):
        return self.encoder(self.embed(tokens))


class Decoder(nn.Module):
    """Attention over a memory, sequence first."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, kdim=6, vdim=6)

    def forward(self, x: torch.Tensor, memory: torch.Tensor) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        y, w = self.attention(x.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1))
        return y.transpose(0, 1), w


class CharLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(13, 4)
        self.lstm = nn.LSTM(4, 5, num_layers=2, batch_first=True, dropout=0.1)
        self.out = nn.Linear(5, 13)

    def forward(self, tokens):
        y, _ = self.lstm(self.embed(tokens))
        return self.out(y[:, -1])


class BiLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        return y, torch.cat([h[-1], h[-2]], dim=1), c.permute(1, 0, 2)


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 3, num_layers=2, bidirectional=True, bias=False)

    def forward(self, x):
        y, h = self.gru(x.transpose(0, 1))
        return y.transpose(0, 1), h.transpose(0, 1)


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 3)
        self.gru = nn.GRUCell(3, 3)

    def forward(self, x):
        h = torch.zeros(x.size(0), 3)
        c = torch.zeros(x.size(0), 3)
        g = torch.zeros(x.size(0), 3)
        steps = []
        for t in range(x.size(1)):
            h, c = self.cell(x[:, t], (h, c))
            g = self.gru(h, g)
            steps.append(g)
        return torch.stack(steps, dim=1)


class UNet(nn.Module):
    """Upsampling to the size of another tensor, and by factors."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(2, 4, 3, 2, 1)
        self.up = nn.ConvTranspose2d(4, 2, 2, 2)
        self.out = nn.Conv2d(10, 2, 1)

    def forward(self, x):
        y = F.leaky_relu(self.down(x), 0.1)
        a = F.interpolate(y, size=x.shape[2:], mode="bilinear", align_corners=False)
        b = F.interpolate(y, scale_factor=2.0, mode="nearest")
        y = F.pad(self.up(y), [0, 0, 0, 0])
        return self.out(torch.cat([a, b, y], dim=1))


class Corners(nn.Module):
    def forward(self, x):
        a = F.interpolate(x, scale_factor=(1.7, 2.3), mode="bilinear", align_corners=True)
        b = F.interpolate(x, size=[9, 7], mode="nearest")
        c = F.interpolate(x, scale_factor=1.5, mode="bilinear", align_corners=False, recompute_scale_factor=True)
        b = b.flatten(0, 1)
        return F.pad(a, [1, 2, 0, 1], mode="reflect"), F.pad(b, [2, 1], mode="replicate"), c


class Outputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Dict[str, torch.Tensor]:
        z = self.fc(x) + y.unsqueeze(1)
        values, indices = torch.topk(z, 2)
        return {"logits": z, "top": values, "classes": indices, "best": z.argmax(dim=1), "norm": F.normalize(z, dim=1)}


class Signals(nn.Module):
    """One dimension: convolutions with 'same' padding, dilation, transposed, pools."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv1d(2, 4, 4, padding="same", dilation=2)
        self.b = nn.Conv1d(4, 4, 3, padding=1, groups=2, padding_mode="reflect")
        self.c = nn.ConvTranspose1d(4, 3, 4, 2, 1, output_padding=1)
        self.norm = nn.GroupNorm(2, 4)
        self.instance = nn.InstanceNorm1d(4, affine=True)

    def forward(self, x):
        x = F.elu(self.norm(self.a(x)))
        x = F.max_pool1d(F.silu(self.instance(self.b(x))), 2)
        return F.adaptive_max_pool1d(F.avg_pool1d(F.softplus(self.c(x)), 2), 3)


class InPlace(nn.Module):
    """Writes into views and tensors that are read later."""

    def forward(self, x):
        y = x * 2
        z = y
        y += 1
        y[:, 0] = 0
        y[:, 1:3].mul_(3.0)
        part = y.view(y.size(0), 2, 2, -1)
        y.relu_()
        first = y[:, :, 0]
        first.clamp_(max=0.5)
        canvas = torch.zeros_like(x)
        canvas[:, 1:] = x[:, :-1]
        return z, part + 1, canvas.masked_fill(canvas > 1, 0.25), torch.where(x > 0, x, -x)


class Windows(nn.Module):
    """Window partition with a cyclic shift, as in Swin."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("index", torch.tensor([[0, 1], [2, 1]]))
        self.table = nn.Parameter(torch.zeros(4, 3))

    def forward(self, x):
        b, c, h, w = x.shape
        x = torch.roll(x.permute(0, 2, 3, 1), shifts=(-1, -1), dims=(1, 2))
        x = x.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 4, c)
        x = self.fc(x) + self.table[self.index.view(-1)]
        x = x.view(b, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return F.pixel_shuffle(torch.roll(x, shifts=(1, 1), dims=(1, 2)).repeat(1, 1, 1, 4).permute(0, 3, 1, 2), 2)


def fill(module):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in list(module.parameters()) + list(module.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) - 0.4)
        for name, tensor in module.named_buffers():
            if name.endswith("running_var"):
                tensor.abs_().add_(0.5)
    return module.eval()


def floats(*shape):
    return ("float32", shape)


def tokens(*shape):
    return ("int64", shape)


# name: (module, inputs with the batch first, how it is made)
NETWORKS = {
    "lenet": (LeNet, {"x": floats(1, 16, 16)}, "s"),
    "mnist_cnn": (MnistCnn, {"x": floats(1, 16, 16)}, "s"),
    "mlp": (mlp, {"input": floats(4, 4)}, "s"),
    "resnet": (ResNet, {"x": floats(3, 32, 32)}, "st"),
    "dense": (Dense, {"x": floats(3, 8, 8)}, "s"),
    "squeeze_excite": (SqueezeExcite, {"x": floats(3, 9, 9)}, "t"),
    "shuffle": (Shuffle, {"x": floats(8, 6, 6)}, "s"),
    "mobilenet": (mobilenet, {"input": floats(3, 16, 16)}, "s"),
    "vit_mha": (VitMha, {"x": floats(3, 16, 16)}, "st"),
    "vit_sdpa": (VitSdpa, {"x": floats(3, 16, 16)}, "st"),
    "encoder": (Encoder, {"tokens": tokens(5)}, "st"),
    "decoder": (Decoder, {"x": floats(3, 8), "memory": floats(4, 6)}, "s"),
    "char_lstm": (CharLstm, {"tokens": tokens(6)}, "st"),
    "bilstm": (BiLstm, {"x": floats(5, 4)}, "t"),
    "gru": (Gru, {"x": floats(5, 4)}, "st"),
    "cells": (Cells, {"x": floats(3, 4)}, "s"),
    "unet": (UNet, {"x": floats(2, 8, 12)}, "st"),
    "corners": (Corners, {"x": floats(2, 5, 6)}, "s"),
    "outputs": (Outputs, {"x": floats(6), "y": floats()}, "s"),
    "signals": (Signals, {"x": floats(2, 16)}, "st"),
    "in_place": (InPlace, {"x": floats(4, 3)}, "s"),
    "windows": (Windows, {"x": floats(3, 4, 4)}, "s"),
}


KEEP_DEBUG_RECORDS = ("shuffle",)


def example(kind, shape, batch):
    generator = torch.Generator().manual_seed(2)
    if kind == "int64":
        return torch.randint(0, 11, (batch, *shape), generator=generator)
    return torch.rand((batch, *shape), generator=generator)


def pack(path, debug_records):
    """As small as a zip gets: what debugging needs and alignment are most of a small file. Not every
    writer has them, and lowering must do without."""
    with zipfile.ZipFile(path) as archive:
        records = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in records:
            if debug_records or not info.filename.endswith(".debug_pkl"):
                stored = "/data/" in info.filename
                plain = zipfile.ZipInfo(info.filename)
                archive.writestr(plain, content, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)


def save(folder, name, script, inputs):
    path = folder / f"{name}.pt"
    torch.jit.save(script, str(path))
    pack(path, name in KEEP_DEBUG_RECORDS)
    (folder / f"{name}.txt").write_text(
        "".join(f"{port} {kind} {','.join(['N', *map(str, shape)])}\n" for port, (kind, shape) in inputs.items()))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, inputs, ways) in NETWORKS.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        module = fill(make())
        if "s" in ways:
            save(folder, name, torch.jit.script(module), inputs)
        if "t" in ways:
            # Of a batch of two, so that a 1 that is meant stays apart from one that is the batch.
            with torch.no_grad():
                arguments = tuple(example(kind, shape, 2) for kind, shape in inputs.values())
                traced = torch.jit.trace(module, arguments, check_trace=False)
            save(folder, f"{name}_traced", traced, inputs)


if __name__ == "__main__":
    main()

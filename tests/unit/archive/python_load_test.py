#!/usr/bin/env python3
"""python_load_test.py PATCHER GOLDEN_FOLDER: patched copies load in torch, with the new values.

Exits 77, which ctest counts as skipped, where torch is not installed.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

try:
    import torch
except ImportError:
    print("torch is not installed")
    sys.exit(77)


def tensors_of(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def check_module(path, copy):
    extras = {"fedge/provenance.json": ""}
    before = tensors_of(torch.jit.load(str(path)))
    after = tensors_of(torch.jit.load(str(copy), _extra_files=extras))
    assert extras["fedge/provenance.json"] == b'{"round":7}', extras
    check_tensors(before, after)


def check_tensors(before, after):
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        expected = tensor + 1 if tensor.dtype == torch.float32 else tensor
        assert torch.equal(after[name], expected), name
        assert after[name].stride() == tensor.stride(), name


def check_zip(copy):
    """What Python's zip reader says: every CRC is right."""
    with zipfile.ZipFile(copy) as archive:
        assert archive.testzip() is None


def main():
    patcher, golden = sys.argv[1], pathlib.Path(sys.argv[2])
    paths = sorted(path.with_suffix(".pt") for path in golden.rglob("*.txt"))
    assert paths, golden
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "copy.pt"
        for path in paths:
            subprocess.run([patcher, str(path), str(copy)], check=True)
            check_zip(copy)
            with zipfile.ZipFile(path) as archive:
                is_module = any(name.endswith("/constants.pkl") for name in archive.namelist())
            if is_module:
                check_module(path, copy)
            elif path.stem == "named":

                def load(file):
                    value = torch.load(file)
                    return {key: value[key] for key in ("x", "y")}

                check_tensors(load(path), load(copy))
            print(f"{path.parent.name}/{path.name}: ok")


if __name__ == "__main__":
    main()

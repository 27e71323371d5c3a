"""Writes reference.safetensors with the reference implementation (safetensors 0.8, through PyTorch).

Run: python test/checkpoint/golden/make_golden.py
The values are simple on purpose: test/checkpoint/safetensors.test.ts states them again.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

tensors = {
    "layer.0.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4 - 0.5,
    "double": torch.tensor([1 / 3, -1e300], dtype=torch.float64),
    "counts": torch.tensor([-1, 0, 2**31 - 1], dtype=torch.int32),
    "long": torch.tensor([-(2**63), 2**53 + 1], dtype=torch.int64),
    "bytes": torch.tensor([0, 127, 255], dtype=torch.uint8),
    "mask": torch.tensor([True, False, True]),
    "half": torch.tensor([1.0, -2.0], dtype=torch.float16),
    "brain": torch.tensor([1.0, -2.0], dtype=torch.bfloat16),
    "scalar": torch.tensor(2.5, dtype=torch.float32),
    "empty": torch.zeros((0, 4), dtype=torch.float32),
    "名前": torch.tensor([7], dtype=torch.int16),
}
metadata = {"origin": "PyTorch", "note": "größer \"1\"\n"}
save_file(tensors, Path(__file__).parent / "reference.safetensors", metadata=metadata)

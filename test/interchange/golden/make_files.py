"""Small files of torch.save, safetensors and NumPy, as other programs write them. See README.md.

    python test/interchange/golden/make_files.py
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from hashed_numbers import uniform

FOLDER = Path(__file__).resolve().parent / "files"


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 3)
        self.rnn = nn.GRU(3, 4)
        self.fc = nn.Linear(4, 2)


def network() -> Network:
    model = Network()
    for name, tensor in model.state_dict().items():
        tensor.copy_(torch.from_numpy(uniform(1, name, tensor.numel(), 0.5)).reshape(tensor.shape))
    return model


def strided(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same numbers in views of all kinds: transposed, with steps, with an offset, and with a shared storage."""
    views = {}
    shared = torch.cat([torch.zeros(7)] + [tensor.flatten() for tensor in state.values()])
    at = 7
    for name, tensor in state.items():
        views[name] = shared[at : at + tensor.numel()].view(tensor.shape)
        at += tensor.numel()
    views["rnn.weight_hh_l0"] = state["rnn.weight_hh_l0"].t().contiguous().t()
    views["rnn.bias_ih_l0"] = torch.stack([state["rnn.bias_ih_l0"], torch.ones(12)], 1)[:, 0]
    return views


def negated(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same numbers, stored with the other sign: as conjugated imaginary parts, and transposed."""
    views = {name: torch._neg_view(-tensor) for name, tensor in state.items()}
    weight = state["fc.weight"]
    views["fc.weight"] = torch.complex(torch.zeros_like(weight), -weight).conj().imag
    views["rnn.weight_hh_l0"] = torch._neg_view((-state["rnn.weight_hh_l0"]).t().contiguous().t())
    return views


def swapped(path: Path, state: dict[str, torch.Tensor]) -> None:
    """As a big-endian machine writes it."""
    torch.serialization.set_default_load_endianness(None)
    swapped_state = {name: torch.from_numpy(tensor.numpy().byteswap()) for name, tensor in state.items()}
    torch.save(swapped_state, path)
    data = path.read_bytes()
    import io
    import zipfile

    source = zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for entry in source.infolist():
            content = source.read(entry)
            archive.writestr(zipfile.ZipInfo(entry.filename), b"big" if entry.filename.endswith("byteorder") else content)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    model = network()
    state = model.state_dict()
    torch.save(state, FOLDER / "plain.pt")
    torch.save(state, FOLDER / "old.pt", _use_new_zipfile_serialization=False)
    torch.save(state, FOLDER / "protocol4.pt", pickle_protocol=4)
    torch.save(strided(state), FOLDER / "strided.pt")
    torch.save(strided(state), FOLDER / "strided_old.pt", _use_new_zipfile_serialization=False)
    torch.save(negated(state), FOLDER / "negated.pt")
    torch.save(negated(state), FOLDER / "negated_old.pt", _use_new_zipfile_serialization=False)
    torch.save({name: tensor.double() for name, tensor in state.items()}, FOLDER / "double.pt")
    torch.save({name: tensor.half() for name, tensor in state.items()}, FOLDER / "half.pt")
    torch.save({name: tensor.bfloat16() for name, tensor in state.items()}, FOLDER / "bfloat16.pt")
    swapped(FOLDER / "big_endian.pt", state)
    torch.save({"module." + name: tensor for name, tensor in state.items()}, FOLDER / "parallel.pt")
    optimizer = torch.optim.Adam(model.parameters())
    sum(parameter.sum() for parameter in model.parameters()).backward()
    kept = {name: tensor.clone() for name, tensor in state.items()}
    optimizer.step()
    checkpoint = {"epoch": 3, "best": np.float64(0.25), "model": kept, "optimizer": optimizer.state_dict(), "big": 2**70}
    torch.save(checkpoint, FOLDER / "checkpoint.pt")
    torch.save({"model": kept, "ema": {"state_dict": {name: 2 * tensor for name, tensor in kept.items()}}}, FOLDER / "two.pt")
    torch.save(model, FOLDER / "whole.pt")
    torch.save({"weight": torch.zeros(1).expand(3, 4), "bias": torch.arange(3.0)}, FOLDER / "expanded.pt")
    for name, dtype in {"float32": torch.float32, "half": torch.float16, "bfloat16": torch.bfloat16, "double": torch.float64}.items():
        save_file({key: tensor.to(dtype) for key, tensor in kept.items()}, FOLDER / f"{name}.safetensors")
    arrays = {name: tensor.numpy() for name, tensor in kept.items()}
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "packed.npz", **arrays)
    np.savez(FOLDER / "fortran.npz", **{name: np.asfortranarray(array) for name, array in arrays.items()})
    np.savez(FOLDER / "big_endian.npz", **{name: array.astype(">f4") for name, array in arrays.items()})
    np.savez(FOLDER / "half.npz", **{name: array.astype("<f2") for name, array in arrays.items()})
    np.savez(FOLDER / "double.npz", **{name: array.astype("<f8") for name, array in arrays.items()})
    np.savez(FOLDER / "objects.npz", a=np.array([{}], dtype=object))

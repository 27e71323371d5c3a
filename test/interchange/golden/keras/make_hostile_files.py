"""Makes the HDF5 files hostile-*.weights.h5.gz: weights of Dense(2) on 3 numbers that are not what they should be.

    python test/interchange/golden/keras/make_hostile_files.py
"""
import gzip
import pathlib
import tempfile

import h5py
import numpy as np

FOLDER = pathlib.Path(__file__).parent
KERNEL, BIAS = "layers/dense/vars/0", "layers/dense/vars/1"


def write(name, make, bias=BIAS):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset(bias, data=np.zeros(2, np.float32))
            make(file)
        (FOLDER / f"hostile-{name}.weights.h5.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def virtual(file):
    layout = h5py.VirtualLayout(shape=(3, 2), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "data", shape=(3, 2))
    file.create_virtual_dataset(KERNEL, layout)


def main():
    write("giant", lambda file: file.create_dataset(KERNEL, shape=(2**20, 2**20), dtype="f4"))
    write("giant-chunks", lambda file: file.create_dataset(KERNEL, shape=(2**20, 2**20), dtype="f4", chunks=(64, 64), compression="gzip"))
    # Numbers that stand in another file of the machine.
    write("external", lambda file: file.create_dataset(KERNEL, shape=(3, 2), dtype="f4", external=[("/etc/passwd", 0, 24)]))
    write("virtual", virtual)
    write("external-link", lambda file: file.__setitem__(KERNEL, h5py.ExternalLink("/tmp/other.h5", "/data")))
    write("soft-link", lambda file: file.__setitem__(KERNEL, h5py.SoftLink("/layers/dense/vars/0")))
    write("text", lambda file: file.create_dataset(KERNEL, data="kernel"))
    write("compound", lambda file: file.create_dataset(KERNEL, data=np.zeros((3, 2), [("a", "f4"), ("b", "f4")])))
    write("big-endian", lambda file: file.create_dataset(KERNEL, data=np.ones((3, 2), ">f4")))
    write("turned", lambda file: file.create_dataset(KERNEL, data=np.ones((2, 3), np.float32)))
    write("not-finite", lambda file: file.create_dataset(KERNEL, data=np.full((3, 2), np.nan, np.float32)))
    write("too-large", lambda file: file.create_dataset(KERNEL, data=np.full((3, 2), 1e300)))
    write("missing", lambda file: None)
    write("half", lambda file: file.create_dataset(KERNEL, data=np.arange(6).reshape(3, 2).astype(np.float16)))
    write("unused", lambda file: (file.create_dataset(KERNEL, data=np.ones((3, 2), np.float32)), file.create_dataset("layers/dense_1/vars/0", data=np.zeros(2, np.float32))))
    # The groups that '.keras' files of Keras 2 have.
    old = "_layer_checkpoint_dependencies/dense/vars"
    write("old-archive", lambda file: file.create_dataset(f"{old}/0", data=np.ones((3, 2), np.float32)), f"{old}/1")


if __name__ == "__main__":
    main()

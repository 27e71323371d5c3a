"""Numbers that this script and the tests compute alike (hashed-numbers.ts), so that files need not hold them."""

import zlib

import numpy as np

MASK = 0xFFFFFFFF


def mixed(x: np.ndarray) -> np.ndarray:
    """The finalizer of MurmurHash3 on unsigned 32-bit numbers."""
    x = x ^ (x >> np.uint64(16))
    x = x * np.uint64(0x85EBCA6B) & np.uint64(MASK)
    x = x ^ (x >> np.uint64(13))
    x = x * np.uint64(0xC2B2AE35) & np.uint64(MASK)
    return x ^ (x >> np.uint64(16))


def hashed(seed: int, name: str, count: int) -> np.ndarray:
    """`count` numbers of 24 bits for a name."""
    begin = (zlib.crc32(name.encode()) + seed * 0x9E3779B1) & MASK
    at = np.arange(count, dtype=np.uint64)
    return mixed((np.uint64(begin) + at * np.uint64(0x27D4EB2F)) & np.uint64(MASK)) >> np.uint64(8)


def uniform(seed: int, name: str, count: int, bound: float = 1.0) -> np.ndarray:
    """Numbers in [-bound, bound), which float32 holds exactly if `bound` is a power of two."""
    return (hashed(seed, name, count).astype(np.float64) / 2**23 - 1) * bound


def integers(seed: int, name: str, count: int, below: int) -> np.ndarray:
    return (hashed(seed, name, count) % np.uint64(below)).astype(np.int64)

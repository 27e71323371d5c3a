"""Numbers that a test computes again, so that no file has to hold them: an integer hash of place and tensor."""
import numpy as np


def hashed(tensor, count):
    """`count` numbers in [-1, 1), float32; the same as in hashed-numbers.ts."""
    with np.errstate(over="ignore"):
        place = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B1)
        bits = place ^ (np.uint32(tensor + 1) * np.uint32(0x85EBCA6B))
        bits ^= bits >> np.uint32(15)
        bits *= np.uint32(0x2C1B3C6D)
        bits ^= bits >> np.uint32(12)
        bits *= np.uint32(0x297A2D39)
        bits ^= bits >> np.uint32(15)
    return ((bits >> np.uint32(8)).astype(np.float64) / 2**23 - 1).astype(np.float32)


def weight(tensor, name, shape):
    """A variable. Variances are positive, gains about 1; products stay about as large as their inputs."""
    count = int(np.prod(shape))
    numbers = hashed(tensor, count).reshape(shape)
    if name in ("moving_variance", "gamma"):
        return (numbers * np.float32(0.5) + np.float32(1)).astype(np.float32)
    return numbers

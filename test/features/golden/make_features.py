"""Reference features and files for the tests of src/features, made with NumPy, SciPy and Python's own modules.

    pip install numpy==2.4.6 scipy==1.17.1
    python test/features/golden/make_features.py            # writes features.json and files.json again
    python test/features/golden/make_features.py --check    # compares instead; exits with 1 on a difference beyond rounding

features.json: one sound, and for each case its options and [T, width] results, computed in float64 and rounded once.
files.json: WAV, NPY and PNG files as base64, with the numbers that they hold.
"""

import base64
import io
import json
import struct
import sys
import wave
import zlib
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.io.wavfile
import scipy.ndimage
import scipy.signal

FOLDER = Path(__file__).resolve().parent


def encode(array: np.ndarray) -> dict:
    data = np.ascontiguousarray(array.astype("<f4"))
    return {"shape": list(array.shape), "base64": base64.b64encode(data.tobytes()).decode()}


# --- features -----------------------------------------------------------------------------------------------------


def sound() -> np.ndarray:
    """A rising tone with noise, a loud click and a stretch of silence: 2,400 samples, exact in float32."""
    random = np.random.default_rng(7)
    t = np.arange(2400) / 8000
    x = 0.4 * scipy.signal.chirp(t, 100, t[-1], 3500) + 0.02 * random.standard_normal(t.size)
    x[700] = 0.99
    x[1000:1400] = 0
    return x.astype(np.float32)


def mel_of(hz: np.ndarray, scale: str) -> np.ndarray:
    hz = np.asarray(hz, float)
    if scale == "htk":
        return 2595 * np.log10(1 + hz / 700)
    return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))


def hz_of(mel: np.ndarray, scale: str) -> np.ndarray:
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def filterbank(o: dict) -> np.ndarray:
    """[bands, bins], as a dense matrix of clipped lines."""
    bins = np.arange(o["fftSize"] // 2 + 1) * o["sampleRate"] / o["fftSize"]
    ends = mel_of([o["lowHz"], o["highHz"]], o["melScale"])
    corners = hz_of(np.linspace(ends[0], ends[1], o["melBands"] + 2), o["melScale"])
    left, peak, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    weights = np.clip(np.minimum((bins - left) / (peak - left), (right - bins) / (right - peak)), 0, None)
    return weights * (2 / (right - left) if o["melNorm"] == "slaney" else 1)


def log_mel(x: np.ndarray, o: dict) -> np.ndarray:
    x = x.astype(np.float64)
    x = np.concatenate([x[:1], x[1:] - o["preEmphasis"] * x[:-1]])
    length, hop = (round(o["sampleRate"] * o[key] / 1000) for key in ("windowMs", "hopMs"))
    frames = np.lib.stride_tricks.sliding_window_view(x, length)[::hop]
    window = scipy.signal.get_window(o["window"], length)
    power = np.abs(scipy.fft.rfft(frames * window, o["fftSize"])) ** 2
    return np.log(np.maximum(power @ filterbank(o).T, o["logFloor"]))


def deltas(c: np.ndarray, reach: int) -> np.ndarray:
    weights = np.arange(-reach, reach + 1) / (2 * sum(r * r for r in range(1, reach + 1)))
    return scipy.ndimage.correlate1d(c, weights, axis=0, mode="nearest")


DEFAULTS = {"windowMs": 25, "hopMs": 10, "preEmphasis": 0.97, "window": "hann", "lowHz": 0, "logFloor": 1e-10}
HTK = {**DEFAULTS, "sampleRate": 8000, "fftSize": 256, "melBands": 26, "highHz": 4000, "melScale": "htk", "melNorm": "none"}
SLANEY = {**HTK, "fftSize": 512, "melBands": 40, "lowHz": 80, "highHz": 3800, "melScale": "slaney", "melNorm": "slaney"}
CASES = {
    "htk": HTK,
    "slaney": SLANEY,
    "hamming": {**HTK, "window": "hamming", "windowMs": 20, "hopMs": 7.5, "preEmphasis": 0, "logFloor": 1e-3},
    "odd_rate": {**HTK, "sampleRate": 11025, "fftSize": 512, "highHz": 5512.5, "melBands": 20, "melScale": "slaney"},
}


def features() -> dict:
    x = sound()
    cases = []
    for name, options in CASES.items():
        mel = log_mel(x, options)
        cepstrum = scipy.fft.dct(mel, type=2, norm="ortho", axis=1)[:, :13]
        first = deltas(cepstrum, 2)
        cases.append(
            {
                "name": name,
                "options": options,
                "logMel": encode(mel),
                "mfcc": encode(cepstrum),
                "withDeltas": encode(np.concatenate([cepstrum, first, deltas(first, 2)], axis=1)),
            }
        )
    return {"numpy": np.__version__, "scipy": scipy.__version__, "sound": encode(x), "cases": cases}


# --- files --------------------------------------------------------------------------------------------------------


def wav_with_scipy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    scipy.io.wavfile.write(buffer, 8000, values)
    return buffer.getvalue()


def wav_24(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((values.shape[1], 3, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(int(v).to_bytes(3, "little", signed=True) for v in values.ravel()))
    return buffer.getvalue()


def npy(array: np.ndarray, version: tuple) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(values: np.ndarray, depth: int, color: int, extra: list = (), interlaced: bool = False) -> bytes:
    """values [height, width, channels]; lines without a filter."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def lines(block: np.ndarray) -> bytes:
        bits = (block[..., None].astype(int) >> np.arange(depth - 1, -1, -1)) & 1
        return b"".join(b"\0" + np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in bits)

    height, width, _ = values.shape
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    blocks = [values[y::dy, x::dx] for x, y, dx, dy in passes]
    data = zlib.compress(b"".join(lines(block) for block in blocks if block.size))
    half = len(data) // 2
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    parts = [(b"IHDR", header), (b"tEXt", b"Title\0a test"), *extra, (b"IDAT", data[:half]), (b"IDAT", data[half:]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def files() -> dict:
    random = np.random.default_rng(11)
    found = []

    def add(name: str, data: bytes, expected: np.ndarray):
        found.append({"name": name, "file": base64.b64encode(data).decode(), "expected": encode(expected)})

    ends = np.array([[-1, 1], [0, -1], [1, 0], [-1, -1]])  # the extremes of every size, in two channels
    u8 = np.array([[0, 255], [128, 1], [200, 127]], np.uint8)
    add("wav_u8", wav_with_scipy(u8), (u8.astype(float) - 128) / 128)
    for bits, kind in ((16, np.int16), (32, np.int32)):
        values = np.where(ends > 0, 2 ** (bits - 1) - 1, np.where(ends < 0, -(2 ** (bits - 1)), 12345)).astype(kind)
        add(f"wav_s{bits}", wav_with_scipy(values), values / 2.0 ** (bits - 1))
    values = np.where(ends > 0, 2**23 - 1, np.where(ends < 0, -(2**23), -654321))
    add("wav_s24", wav_24(values), values / 2.0**23)
    for kind in (np.float32, np.float64):
        values = random.standard_normal((5, 1)).astype(kind)
        add(f"wav_f{kind(0).itemsize * 8}", wav_with_scipy(values[:, 0]), values)

    matrix = random.standard_normal((3, 4))
    for kind, version in (("<f4", (1, 0)), ("<f8", (2, 0)), ("<i4", (3, 0)), ("<i8", (1, 0))):
        values = (matrix * 1000).astype(kind)
        add(f"npy_{kind[1:]}", npy(values, version), values)
    add("npy_scalar", npy(np.array(2.5, "<f4"), (1, 0)), np.array(2.5))
    add("npy_row", npy(np.arange(3, dtype="<i4"), (1, 0)), np.arange(3))
    add("npy_empty", npy(np.zeros((0, 3), "<f4"), (1, 0)), np.zeros((0, 3)))

    def pixels(channels: int, depth: int) -> np.ndarray:
        return random.integers(0, 2**depth, (5, 11, channels))

    for color, channels, depths in ((0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (4, 2, (8, 16)), (6, 4, (8, 16))):
        for depth in depths:
            values = pixels(channels, depth)
            add(f"png_color{color}_{depth}", png(values, depth, color), values / (2**depth - 1))
    for depth in (1, 2, 4, 8):
        colors = random.integers(0, 256, (2**depth, 3), dtype=np.uint8)
        values = pixels(1, depth)
        add(f"png_palette_{depth}", png(values, depth, 3, [(b"PLTE", colors.tobytes())]), colors[values[..., 0]] / 255)
    alpha = np.array([0, 100], np.uint8)
    opacity = np.concatenate([colors, np.concatenate([alpha, np.full(254, 255)])[:, None]], axis=1)
    extra = [(b"PLTE", colors.tobytes()), (b"tRNS", alpha.tobytes())]
    add("png_palette_opacity", png(values, 8, 3, extra), opacity[values[..., 0]] / 255)
    values = pixels(3, 8)
    add("png_suggested_palette", png(values, 8, 2, [(b"PLTE", colors.tobytes())]), values / 255)
    add("png_interlaced", png(values, 8, 2, interlaced=True), values / 255)
    add("png_interlaced_narrow", png(values[:2, :1], 8, 2, interlaced=True), values[:2, :1] / 255)
    return {"numpy": np.__version__, "scipy": scipy.__version__, "files": found}


def differs(kept, fresh) -> bool:
    if isinstance(fresh, dict) and fresh.keys() == {"shape", "base64"}:
        a, b = (np.frombuffer(base64.b64decode(t["base64"]), "<f4") for t in (kept, fresh))
        return kept["shape"] != fresh["shape"] or not np.allclose(a, b, rtol=1e-6, atol=1e-6)
    if isinstance(fresh, dict):
        return kept.keys() != fresh.keys() or any(differs(kept[k], fresh[k]) for k in fresh if k not in ("numpy", "scipy"))
    if isinstance(fresh, list):
        return len(kept) != len(fresh) or any(differs(a, b) for a, b in zip(kept, fresh))
    return kept != fresh


def main() -> int:
    wrong = []
    for name, value in (("features.json", features()), ("files.json", files())):
        path = FOLDER / name
        if "--check" in sys.argv:
            if not path.exists() or differs(json.loads(path.read_text()), json.loads(json.dumps(value))):
                wrong.append(name)
        else:
            path.write_text(json.dumps(value, indent=1) + "\n")
    if wrong:
        print("different:", ", ".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())

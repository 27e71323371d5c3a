"""Words that espeak-ng speaks, with noise: as sounds, and as rows of cepstral coefficients."""

import io
import random
import shutil
import subprocess
import wave

import numpy as np
from collection import by_numbers, number

WORDS = "yes no up down left right on off stop go".split()
VOICES = [f"{accent}+{speaker}" for accent in ("en-us", "en-gb", "en-gb-scotland") for speaker in ("m1", "m3", "f1", "f2", "f4")]
RATE = 16_000
FRAME, HOP, FOURIER = 400, 160, 512  # 25 ms, 10 ms


def parts_of_voices():
    """Training, validation and test voices: no voice is in two parts."""
    held = {"en-gb-scotland+f4": "test", "en-us+m3": "test", "en-gb+f1": "test", "en-gb+m1": "valid", "en-us+f2": "valid"}
    return {voice: held.get(voice, "training") for voice in VOICES}


def spoken(program, word, voice, speed, pitch):
    """Samples of a word at 16 kHz."""
    from scipy.signal import resample_poly

    command = [program, "--stdout", "-v", voice, "-s", str(speed), "-p", str(pitch), word]
    # A stream has no length in its header: the samples are all that follows it.
    written = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(written)) as sound:
        rate = sound.getframerate()
    samples = np.frombuffer(written[44 : 44 + (len(written) - 44) // 2 * 2], "<i2") / 32768
    divisor = np.gcd(RATE, rate)
    samples = resample_poly(samples, RATE // divisor, rate // divisor)
    loud = np.flatnonzero(np.abs(samples) > 0.005)
    return samples[loud[0] : loud[-1] + 1]


def noisy(draw, samples):
    """The word at a random place of noise that falls by 3 dB an octave, 5 to 25 dB below it."""
    before, after = (draw.integers(800, 4_800) for _ in range(2))
    length = before + len(samples) + after
    spectrum = np.fft.rfft(draw.normal(size=length))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), length)
    level = np.sqrt((samples**2).mean()) * 10 ** (-draw.uniform(5, 25) / 20)
    sound = noise * level / np.sqrt((noise**2).mean())
    sound[before : before + len(samples)] += samples
    return draw.uniform(0.3, 0.9) * sound / np.abs(sound).max()


def mel_filters(count=26):
    """Triangles on the mel scale [count, bins]."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1) * FOURIER / RATE
    bins = np.arange(FOURIER // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


def coefficients(samples, count=13):
    """Mel-frequency cepstral coefficients [frames, count]."""
    from scipy.fft import dct

    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, FOURIER)) ** 2
    return dct(np.log(power @ mel_filters().T + 1e-8), norm="ortho")[:, :count]


def add_sets(sets):
    """Adds the sets, if espeak-ng is installed."""
    names = {"spoken-words", "spoken-words-rows"}
    if not any(map(sets.wants, names)):
        return
    program = shutil.which("espeak-ng")
    if program is None:
        print("left out: spoken words: espeak-ng is missing")
        return
    choose, draw = random.Random(22), np.random.default_rng(22)
    table, rows = [], {"training": [], "valid": [], "test": []}
    for voice, part in parts_of_voices().items():
        for word in WORDS:
            for take in range(6):
                speed, pitch = choose.randint(110, 220), choose.randint(25, 75)
                sound = noisy(draw, spoken(program, word, voice, speed, pitch))
                file = f"{word}-{voice.replace('+', '-')}-{take}.wav"
                if sets.wants("spoken-words"):
                    sets.write_wav("spoken-words", file, sound, RATE)
                table.append([file, word, voice, part])
                rows[part].append(([[number(round(x, 3)) for x in row] for row in coefficients(sound)], word))
    about = "10 words of 15 voices with noise, tested with other voices"
    if sets.wants("spoken-words"):
        sets.add_sounds("spoken-words", about, table)
    if sets.wants("spoken-words-rows"):
        parts = [rows[part] for part in ("training", "valid", "test")]
        sets.add_lines("spoken-words-rows", "classify", f"{about}, 13 coefficients a frame", parts, by_numbers)

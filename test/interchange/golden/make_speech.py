"""Probabilities of speech that ONNX Runtime computes with silero-vad: speech.json.

python make_speech.py MODELS DATA
MODELS has silero/, DATA has fsdd/ (spoken digits, 8 kHz). Sounds are the files of six speakers one after the other, each sample twice.
"""
import glob, json, sys, wave
import numpy as np, onnxruntime as ort

models, data = sys.argv[1:]
files = sorted(glob.glob(f'{data}/fsdd/**/*_[0-4].wav', recursive=True))
read = lambda file: np.frombuffer(wave.open(file).readframes(10**9), dtype=np.int16).astype(np.float32) / 32768
sound = np.repeat(np.concatenate([read(file) for file in files]), 2)
session = ort.InferenceSession(f'{models}/silero/silero_vad_16k_op15.onnx')
state, context, rate = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32), np.array(16000, np.int64)
probabilities = []
for at in range(0, len(sound) - 511, 512):
    window = np.concatenate([context, sound[at:at + 512]])
    context = window[-64:]
    (p,), state = session.run(['output', 'stateN'], {'input': window[None], 'state': state, 'sr': rate})
    probabilities.append(round(float(p[0]), 7))
json.dump({'files': len(files), 'probabilities': probabilities}, open('speech.json', 'w'))
print(len(files), 'files,', len(probabilities), 'windows')

"""Probabilities of speech that ONNX Runtime computes with silero-vad, and PyTorch with its safetensors file, whose weights are others: speech.json.

python make_speech.py MODELS DATA
MODELS has silero/, DATA has fsdd/ (spoken digits, 8 kHz). Sounds are the files of six speakers one after the other, each sample twice.
"""
import glob, json, sys, wave
import numpy as np, onnxruntime as ort, torch
import torch.nn.functional as F
from safetensors.torch import load_file

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

w = load_file(f'{models}/silero/silero_vad_16k.safetensors')
cell = torch.nn.LSTMCell(128, 128)
cell.load_state_dict({name[10:]: tensor for name, tensor in w.items() if name.startswith('lstm_cell.')})
context, h, tensors = np.zeros(64, np.float32), (torch.zeros(1, 128), torch.zeros(1, 128)), []
with torch.no_grad():
    for at in range(0, 512 * 1500, 512):
        window = np.concatenate([context, sound[at:at + 512]])
        context = window[-64:]
        x = F.conv1d(F.pad(torch.from_numpy(window)[None], (0, 64), 'reflect')[None], w['stft_conv.weight'], stride=128)
        x = (x[:, :129] ** 2 + x[:, 129:] ** 2).sqrt()
        for layer, stride in (1, 1), (2, 2), (3, 2), (4, 1):
            x = F.relu(F.conv1d(x, w[f'conv{layer}.weight'], w[f'conv{layer}.bias'], stride=stride, padding=1))
        h = cell(x[:, :, 0], h)
        y = torch.sigmoid(F.conv1d(F.relu(h[0])[:, :, None], w['final_conv.weight'], w['final_conv.bias']))
        tensors.append(round(float(y), 7))
json.dump({'files': len(files), 'probabilities': probabilities, 'ofTensors': tensors}, open('speech.json', 'w'))
print(len(files), 'files,', len(probabilities), 'windows')

"""Folders of models in shards, as huggingface_hub writes them. See README.md.

    python test/interchange/golden/make_folders.py
"""

import json
from pathlib import Path

from huggingface_hub import save_torch_state_dict

from make_files import network

FOLDER = Path(__file__).resolve().parent / "folders"

if __name__ == "__main__":
    state = network().state_dict()
    for name, is_safe, size in [("safetensors", True, 300), ("torch", False, 300), ("torch-one", False, 10_000)]:
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        save_torch_state_dict(state, folder, max_shard_size=size, safe_serialization=is_safe)
        config = {"architectures": ["Tagger"], "model_type": "tagger"}
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")

"""Writes the data sets of `npm run bench -- defaults`, and their index.

    python bench/data-sets/make_data_sets.py [--out build/data-sets] [--archive FOLDER] [--sets a,b]

Needs numpy, pandas, scikit-learn (with scipy), statsmodels and vega_datasets; the program espeak-ng for spoken words; and,
for the sets of an archive, a folder of downloaded data: --archive, or the variable BPTT_DATA. What is missing is left out,
with a line that says so. No network is used. --sets writes only some sets, and keeps the other lines of the index.
"""

import argparse
import json
import os
import pathlib

import archive_sets
import collection
import generated_sets
import package_sets
import spoken_sets

FORM = 1


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=root / "build" / "data-sets", help="the folder to write")
    parser.add_argument("--archive", type=pathlib.Path, default=os.environ.get("BPTT_DATA"), help="downloaded data")
    parser.add_argument("--sets", help="only these, with commas between")
    given = parser.parse_args()
    chosen = None if given.sets is None else set(given.sets.split(","))
    sets = collection.Collection(given.out, chosen)
    if given.archive is None:
        print("left out: the sets of an archive: neither --archive nor BPTT_DATA")
    else:
        archive_sets.add_sets(pathlib.Path(given.archive), sets)
    package_sets.add_sets(sets)
    generated_sets.add_sets(sets)
    spoken_sets.add_sets(sets)
    missing = (chosen or set()) - {one["name"] for one in sets.sets}
    if missing:
        raise SystemExit(f"no such sets, or their data are missing: {', '.join(sorted(missing))}")
    index = given.out / "index.json"
    found = {one["name"]: one for one in sets.sets}
    if chosen is not None and index.exists():
        before = json.loads(index.read_text(encoding="utf-8"))["sets"]
        found = {one["name"]: found.pop(one["name"], one) for one in before} | found
    written = {"form": FORM, "sets": list(found.values())}
    index.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{index}: {len(found)} sets")


main()

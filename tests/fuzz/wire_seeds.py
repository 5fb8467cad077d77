#!/usr/bin/env python3
"""Writes the bytes of every golden fixture into a corpus folder: wire_seeds.py FOLDER"""
import pathlib
import sys

wire = pathlib.Path(__file__).resolve().parent.parent / "wire"
folder = pathlib.Path(sys.argv[1])
for fixture in sorted(wire.glob("*.txt")):
    hex_part = fixture.read_text(encoding="utf-8").split("\n\n")[1]
    (folder / fixture.stem).write_bytes(bytes.fromhex(hex_part))

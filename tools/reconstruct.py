#!/usr/bin/env python3
"""Test images beside what a generator makes of the z inferred for them: see `tools/reconstruct.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("reconstruct")

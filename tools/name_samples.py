#!/usr/bin/env python3
"""How many samples of a conditional generator a classifier names as asked: see `tools/name_samples.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("name_samples")

#!/usr/bin/env python3
"""How likely missing pixels are under completions: see `tools/missing_pixels_ll.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("missing_pixels_ll")

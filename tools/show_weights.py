#!/usr/bin/env python3
"""What the units of a layer look for, as a picture: see `tools/show_weights.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("show_weights")

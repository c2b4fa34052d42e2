#!/usr/bin/env python3
"""Lines through z space as a picture: see `tools/interpolate.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("interpolate")

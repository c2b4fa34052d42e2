#!/usr/bin/env python3
"""Made-up images in the layouts of data sets: see `tools/make_standins.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("make_standins")

#!/usr/bin/env python3
"""An experiment side by side with 2014: see `tools/compare_2014.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("compare_2014")

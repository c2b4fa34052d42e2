#!/usr/bin/env python3
"""The data sets of the experiments, fetched: see `tools/get_data.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("get_data")

#!/usr/bin/env python3
"""Measure how long things take, in turns with what they cannot do without: see `tools/benchmark.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("benchmark")

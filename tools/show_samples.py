#!/usr/bin/env python3
"""Samples of a generator as a picture: see `tools/show_samples.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("show_samples")

#!/usr/bin/env python3
"""The features of data in a layer of a trained network, as arrays: see `tools/features.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("features")

#!/usr/bin/env python3
"""A 2014 pickle as a saved model of this library: see `tools/convert_2014.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("convert_2014")

#!/usr/bin/env python3
"""Examples of a data set, as a picture: see `tools/show_examples.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("show_examples")

#!/usr/bin/env python3
"""A folder of pictures as one file that experiments train on: see `tools/images_to_npz.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("images_to_npz")

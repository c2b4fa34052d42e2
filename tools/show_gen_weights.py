#!/usr/bin/env python3
"""A generator's last weights as a picture: see `tools/show_gen_weights.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("show_gen_weights")

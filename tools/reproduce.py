#!/usr/bin/env python3
"""An experiment of the paper by one command: see `tools/reproduce.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("reproduce")

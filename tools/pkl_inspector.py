#!/usr/bin/env python3
"""What a saved model holds, and what its size is made of: see `tools/pkl_inspector.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("pkl_inspector")

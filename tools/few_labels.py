#!/usr/bin/env python3
"""How well features classify when few examples have labels: see `tools/few_labels.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("few_labels")

#!/usr/bin/env python3
"""A saved model as a table: see `tools/summarize_model.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("summarize_model")

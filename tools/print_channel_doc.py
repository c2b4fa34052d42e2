#!/usr/bin/env python3
"""What each monitored channel measures: see `tools/print_channel_doc.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("print_channel_doc")

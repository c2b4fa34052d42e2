#!/usr/bin/env python3
"""Images with their right half made by a generator, as a picture: see `tools/show_inpaint_samples.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("show_inpaint_samples")

"""How graphs become fast functions: what PyTensor runs without, more slowly and to the same digits.

Nothing here knows the paper: no layer, no game, no training. `backend.py` is the door to it.
"""

"""Costs of models that stand alone: autoencoders, energy-based models; the players' costs are in `game/costs.py`."""

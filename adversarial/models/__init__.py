"""Models: multilayer perceptrons and the layers they are made of."""

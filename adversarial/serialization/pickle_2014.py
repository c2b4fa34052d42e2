"""What the classes in a pickle of 2014 mean."""

def decode(data): raise ValueError

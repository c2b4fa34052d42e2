"""Arrays to pictures: sheets of images, curves, the paper's figures. Nothing here knows of models."""

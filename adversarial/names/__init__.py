"""Names that YAML files and saved models may use, old and new, and what they stand for."""

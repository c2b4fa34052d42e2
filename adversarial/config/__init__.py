"""YAML text to objects, in the dialect of 2014: tags, anchors, variables, names, and what may be built at all."""

"""A look at the first rows that a node gives, before anything is saved, deployed or loaded."""

"""The file formats of the field: one module for each, both ways where both are needed."""

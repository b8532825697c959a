"""The commands, a module for each group; none is imported before it is called."""

"""Writing examples: behaviours, recipes, stages, engines, the worker."""

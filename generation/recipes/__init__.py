"""What is asked for, as data: behaviours, recipes with their stages, inputs, prompts, parsers."""

"""The kinds of stage that a recipe is made of, one module each.

A stage takes candidates in and lets them on, drops them with a reason, or makes others of them. What a stage is belongs
to its module: the keys of its table, and what it asks or decides. What is stored, and when, belongs to the pipeline.
"""

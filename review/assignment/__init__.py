"""Who is asked what: serving examples, settling them, and what is mixed in unseen."""

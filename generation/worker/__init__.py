"""The worker: the one process of a workspace in which engines run, with its budget, rates and retries."""

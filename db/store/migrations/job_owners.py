"""Who queued a job, for people: whether a worker may run it by itself is never told by the workspace."""

JOB_OWNERS = ["ALTER TABLE jobs ADD COLUMN queued_by TEXT NOT NULL DEFAULT ''"]

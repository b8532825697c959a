"""What stands behind a number of the funnel is found a page at a time, by an index that holds what is asked for."""

FUNNEL = ["CREATE INDEX candidates_at_stage ON candidates (job_id, stage, id, fate, reason, born, wording)"]

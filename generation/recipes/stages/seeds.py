"""The seeds of a job's calls: the same job and place give the same seed, whatever the order of replies."""

from __future__ import annotations

import json
from hashlib import blake2b

from db.job_records import Candidate, Job


def derive_seed(job: Job, *parts: object) -> int:
    """Returns a seed in [0, 2**31) for one call of a job: the same job and place give the same seed."""
    text = ":".join(str(part) for part in (job.seed, *parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


def candidate_seed(job: Job, stage: str, candidate: Candidate, number: int) -> int:
    """Returns a seed for a call about a candidate, from what it holds: it doesn't hang on the order of replies."""
    return derive_seed(
        job, stage, number, candidate.intended, candidate.wording, json.dumps([candidate.text, candidate.fields])
    )

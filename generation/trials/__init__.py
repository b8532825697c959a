"""What is tried before or beside a job: previews, the author's own examples, arguments."""

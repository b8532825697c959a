"""Taking answers: questions, drafts, submitting, second looks, and what must not be shown before."""

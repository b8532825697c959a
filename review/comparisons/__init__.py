"""What is measured beside the gate's evidence: diversity, head to heads, second looks."""

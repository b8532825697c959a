"""The gate: the sample, the evidence, the policy, the decision, the portfolio, the forecast."""

"""Jobs: made, foreseen, moved through their stages and rounds, and told of in funnels and figures."""

"""Pay: what a plan pays, how it moves effort and timing, what it costs, and whether it is fair."""

"""Markets and plans: what the world does and what the planner chooses."""

"""What a plan is good at: one module an objective, each with its value, its bound and its curve."""

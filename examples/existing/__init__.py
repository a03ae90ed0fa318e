"""Three tables that others fill, and what dynamongo does with them; README.md says how to run them."""

"""Right solutions in other ways than ours: one module a problem set, each with a table ROUTES."""

"""Small real data sets with provenance and licence, and their loaders."""

"""Grading at class scale: nbgrader, workers, the sandbox."""

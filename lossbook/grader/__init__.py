"""Compares a learner's function with the reference, says in words what is wrong, and names the mistake."""

from lossbook.grader.evaluation import evaluate, first_failure
from lossbook.grader.notebook import NothingEarned, check
from lossbook.grader.report import Report

__all__ = ["NothingEarned", "Report", "check", "evaluate", "first_failure"]

"""The fixtures of all attacks: see attack_bench."""

from attack_bench import bench, course_root, secret_in_environment, short_patience, warm

__all__ = ["bench", "course_root", "secret_in_environment", "short_patience", "warm"]

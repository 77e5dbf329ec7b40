"""What users write: tasks, their parameters and settings, what they require, and how inputs arrive."""

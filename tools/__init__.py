"""What develops Stook and is no part of it."""

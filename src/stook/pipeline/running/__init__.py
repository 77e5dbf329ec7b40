"""Running: who knows what is to be done (`scheduler`), who does it (executors), how one task is done (`perform`)."""

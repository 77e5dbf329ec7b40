"""What a task meets while it runs or is imported: files read, environment variables, names of files."""

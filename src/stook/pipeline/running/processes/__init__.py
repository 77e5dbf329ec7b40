"""Tasks in processes of their own: who starts and attends them, what goes to and fro, and how they end."""

"""One task done, in whatever process: what is around it, what it prints, what it leaves."""

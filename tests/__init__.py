"""The tests, a folder for each kind; those of a room are found by the room's name within."""

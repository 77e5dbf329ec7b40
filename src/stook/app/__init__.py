"""Use cases that join the rooms: one function a user's verb, frozen results."""

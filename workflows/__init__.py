"""Processes: their files, the engine that runs them, their timers and effects."""

"""The checks of rule and round files, one concern a file."""

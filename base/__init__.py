"""What everything may import and what imports nothing of ours.

The clock, ids, the error tree, settings, calendars, languages, and YAML that knows its lines.
"""

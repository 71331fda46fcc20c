"""The tables, and nothing else that decides.

SQLModel describes them; hot paths write with Core statements on the same tables.
"""

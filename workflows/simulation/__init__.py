"""A whole round played on a virtual clock, with made-up people who act at random."""

"""Measurements: ``scripts/bench`` runs them. Each prints what it did side by side in one run."""

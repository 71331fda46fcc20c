"""Digisnap, a scan of training needs: lists linked by code, and the principal's report."""

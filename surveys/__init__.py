"""Surveys for schools: questionnaires, answering, participation, reports and badges."""

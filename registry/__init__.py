"""What is known of schools, people and projects: read, looked up, and made up for trials."""

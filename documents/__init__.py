"""Files that come in (evidence) and go out (certificates, declarations, applications)."""

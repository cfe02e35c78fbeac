"""Picture files: decoded, looked at once, scaled alike, and the same one found twice."""

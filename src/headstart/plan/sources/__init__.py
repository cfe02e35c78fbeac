"""The choice of sources: in what order they are tried, what each showed and cost, and who goes on."""

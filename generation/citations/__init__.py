"""Citations: parsing, claims, verification and highlights."""

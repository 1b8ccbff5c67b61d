"""Training: made-up patients with seeded errors, answers, and a score; nothing goes on record."""

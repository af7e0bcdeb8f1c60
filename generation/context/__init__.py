"""Model input: the prompt template, page inputs, token budgets and abstention."""

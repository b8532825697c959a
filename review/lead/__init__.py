"""What a lead does: adjudication, rulings, exclusions, looking through examples."""

"""Changes of policies from the desk: proposed, weighed against the records, scheduled for a day, taken back."""

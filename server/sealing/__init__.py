"""What the database keeps about people in secret: sealed columns, their keys, and changing the keys."""

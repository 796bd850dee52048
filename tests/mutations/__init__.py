"""The mutation list: every guard of sync is taken away once, and a test must notice (`make mutations`)."""

"""An office's register comes in: read, looked over, then merged like everybody else's work."""

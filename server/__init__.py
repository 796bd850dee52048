"""Ruhu: household visits, housing and drinking-water inspections, and their verification."""

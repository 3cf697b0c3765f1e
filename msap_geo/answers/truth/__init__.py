"""Figures held against those others publish."""

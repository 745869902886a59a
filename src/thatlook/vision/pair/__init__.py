"""Pairs of networks of one's own that map texts and pictures into one space (CLIP, SigLIP)."""

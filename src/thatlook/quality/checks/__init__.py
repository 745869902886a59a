"""What can be wrong with products and their pictures: pure functions, the same for a feed's
report and a catalog's audit.
"""

"""thatlook beside what else one could take, measured in one run: `make beside`."""

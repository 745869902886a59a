"""What goes with what: questions about outfits, answered by the network and by baselines."""

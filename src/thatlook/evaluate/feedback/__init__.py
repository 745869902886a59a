"""What shoppers chose: how often what is shown is taken, and which of two rankings they prefer."""

"""What shoppers chose, where the shop switched that on. Nothing in it says who they were."""

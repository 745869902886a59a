"""What a crawl remembers."""

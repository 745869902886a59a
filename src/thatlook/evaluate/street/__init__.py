"""Street to shop: are the products shown for a worn article what a shopper would accept?"""

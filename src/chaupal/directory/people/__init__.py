"""People from a file: addresses sealed on the way in, consent added to the ledger."""

"""What browsers get: the recorder, the pages of the owner, and the player of recordings."""

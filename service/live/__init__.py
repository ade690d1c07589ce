"""The live half of the service: batches come in over HTTP; they are folded, scored and stored, then answered."""

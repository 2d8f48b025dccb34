"""What dialects and the engine share about texts and shapes: pure, and no dialect."""

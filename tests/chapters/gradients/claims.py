"""What the chapter on gradients says and no cell prints, computed."""

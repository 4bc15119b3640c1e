"""What the chapter on loss functions says and no cell prints, computed."""

"""What the chapter on backpropagation says and no cell prints, computed."""

"""The shapes that items come in: one module per platform's format, and the flat row."""

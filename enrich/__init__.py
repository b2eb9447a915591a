"""What a post says and where: tokens, language, places and tension."""

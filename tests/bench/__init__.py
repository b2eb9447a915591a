"""The benches compute what they say."""

"""The pages of a mystery shopper's phone."""

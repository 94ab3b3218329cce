"""PDF rendering and stored files."""

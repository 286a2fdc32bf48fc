"""Looking at a case and checking it: views, verification, opening what is sealed."""

"""The same plan and run records for a person and for programs. A view computes no fact."""

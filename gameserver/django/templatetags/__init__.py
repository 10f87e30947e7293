"""Tags for a project's templates."""

"""The command `edgewise`: flags, progress, exit codes; one file per command."""

__all__: list[str] = []

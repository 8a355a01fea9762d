"""The networks, one paper one file; `edgewise.models.create_model` builds them by name."""

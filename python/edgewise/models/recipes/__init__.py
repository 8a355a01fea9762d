"""Complete small experiments: data, training, and what comes out, to read and to run."""

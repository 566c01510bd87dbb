"""What several stages use: parameters, paths, data, kernels, files."""

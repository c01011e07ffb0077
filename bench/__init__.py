"""Benchmarks: what a request costs, as a ratio to a bare "ok" view measured in the same run. `./run bench`."""

"""The invented people and cases that `./run` shows. Nothing of it is loaded unless `seed_demo` is called."""

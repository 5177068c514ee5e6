"""The clocks that drive the rules through time: the SimPy model and its compiled accelerator."""

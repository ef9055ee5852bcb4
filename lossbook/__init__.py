"""lossbook: sigmoid, softmax, binary cross-entropy and cross-entropy, written out and checked against torch."""

__version__ = "0.1.0"

"""The chapter on backpropagation: figures, runs and exercises."""

#: What the chapter differentiates, beside losses whose gradient stands next to them.
DIFFERENTIATES = (
    "nonlinearities.sigmoid",
    "nonlinearities.tanh",
    "nonlinearities.relu",
    "nonlinearities.gelu",
    "network.dense",
)

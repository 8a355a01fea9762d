"""Values for the weights of a network under which every term of it shows.

Fresh networks hide mistakes: scales are 1, shifts and biases 0, running statistics 0 and 1, and
PyTorch's default weights let signals fade on their way through a deep network.
"""

from __future__ import annotations


def fill(module, *, seed=0):
    """Give every parameter and statistic of a torch module a value that matters, in place.

    Convolutions get Kaiming-normal weights, normalisations random scales, shifts and statistics.
    Two modules with the same state dict keys get the same values. Returns the module.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)

    def normal(like, deviation, mean=0.0):
        return mean + deviation * torch.randn(like.shape, generator=generator)

    state = module.state_dict()
    for key in sorted(state):
        value = state[key]
        if value.ndim >= 2:
            fan_in = value[0].numel()
            state[key] = normal(value, (2 / fan_in) ** 0.5)
        elif key.endswith("running_var"):
            state[key] = 0.5 + torch.rand(value.shape, generator=generator)
        elif key.endswith("running_mean"):
            state[key] = normal(value, 0.2)
        elif key.endswith(".weight"):
            state[key] = normal(value, 0.1, mean=0.8)
        elif value.is_floating_point():
            state[key] = normal(value, 0.1)
    module.load_state_dict(state)
    return module

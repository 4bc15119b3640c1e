"""What a rule of the engine has to pass: first and second derivatives, in every nesting."""

import autograd
import autograd.numpy as anp
import numpy as np

from helpers.mathematics.autodiff import grad, hvp, jvp, vjp
from helpers.mathematics.numdiff import check_vjp

# Values in general position, away from 0 and from each other.
A = np.array([[0.7, -1.3, 0.4], [1.9, 0.6, -0.8]])
B = np.array([[1.2, 0.5, -0.9], [-0.3, 1.6, 2.1]])
P = np.array([[0.7, 1.3, 0.4], [1.9, 0.6, 0.8]])  # positive
ROW = np.array([1.1, -0.4, 0.9])
COLUMN = np.array([[0.3], [-1.7]])
C = np.arange(1, 13).reshape(3, 4) / 7 - 0.8
CUBE = np.sin(np.arange(24.0)).reshape(2, 3, 4)
STACK = np.cos(np.arange(12.0)).reshape(2, 3, 2)
MASK = np.array([[True, False, True], [False, True, True]])


def check_first_order(f, *arguments, rng, for_autograd=None):
    """Reverse mode against autograd and finite differences, forward mode against reverse."""
    other_f = for_autograd or f

    def ours(x):
        return f(np, *x)

    value, pull = vjp(ours, tuple(arguments))
    np.testing.assert_array_equal(value, f(np, *arguments))
    upstream = rng.normal(size=value.shape)
    gradients = pull(upstream)
    theirs = autograd.grad(lambda x: anp.sum(upstream * other_f(anp, *x)))(tuple(arguments))
    for mine, other, argument in zip(gradients, theirs, arguments, strict=True):
        assert mine.shape == argument.shape
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-14)
    check_vjp(
        lambda *x: f(np, *x), lambda u, *x: vjp(ours, x)[1](u), *arguments, rng=rng, rtol=1e-7
    )
    # Forward: ⟨u, J v⟩ is ⟨Jᵀ u, v⟩, for all arguments moving and for one alone.
    moving = tuple(rng.normal(size=a.shape) for a in arguments)
    still = (moving[0], *(np.zeros(a.shape) for a in arguments[1:]))
    for v in (moving, still):
        same, slope = jvp(ours, tuple(arguments), v)
        np.testing.assert_array_equal(same, value)
        assert slope.shape == value.shape
        back = sum(np.sum(g * w) for g, w in zip(gradients, v, strict=True))
        np.testing.assert_allclose(np.sum(upstream * slope), back, rtol=1e-11, atol=1e-13)


def check_second_order(f, *arguments, rng, for_autograd=None):
    """Of Σ u · sin(f(x)), so that linear rules have some too: four nestings and autograd's."""
    x = tuple(arguments)
    upstream = rng.normal(size=np.shape(f(np, *x)))
    v = tuple(rng.normal(size=a.shape) for a in x)

    def bend(numpy, x):
        g = f if numpy is np else for_autograd or f
        return numpy.sum(upstream * numpy.sin(g(numpy, *x)))

    def along(x):  # ⟨∇, v⟩
        return sum(np.sum(g * w) for g, w in zip(grad(lambda x: bend(np, x))(x), v, strict=True))

    their_slope = autograd.grad(lambda x: bend(anp, x))
    theirs = autograd.grad(
        lambda x: sum(anp.sum(g * w) for g, w in zip(their_slope(x), v, strict=True))
    )(x)
    forward_over_reverse = hvp(lambda x: bend(np, x), x, v)
    reverse_over_reverse = grad(along)(x)
    reverse_over_forward = grad(lambda x: jvp(lambda x: bend(np, x), x, v)[1])(x)
    for ways in zip(
        theirs, forward_over_reverse, reverse_over_reverse, reverse_over_forward, strict=True
    ):
        for way in ways[1:]:
            np.testing.assert_allclose(way, ways[0], rtol=1e-10, atol=1e-12)
    twice = jvp(lambda x: jvp(lambda x: bend(np, x), x, v)[1], x, v)[1]
    bent = sum(np.sum(g * w) for g, w in zip(theirs, v, strict=True))
    np.testing.assert_allclose(twice, bent, rtol=1e-10, atol=1e-12)

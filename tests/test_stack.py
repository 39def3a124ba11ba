"""The sequence that a network sees: every known row is in it, and categories stand in it as vectors."""

import pytest
import torch

from datamodules.errors import InputError
from datamodules.scaling import Affine
from datamodules.window import Context, Dims
from forecast.models.linear import Linear
from forecast.stack import Embeddings, channels, embedding_width, views


def context_of(dims: Dims, batch: int = 2) -> Context:
    torch.manual_seed(0)
    length = dims.context_length
    return Context(
        target=torch.randn(batch, length, dims.target),
        observed=torch.ones(batch, length, dims.target),
        past=torch.randn(batch, length, dims.past),
        known=torch.randn(batch, length + dims.horizon, dims.known),
        static=torch.randn(batch, dims.static),
        units=Affine(torch.zeros(batch, 1, dims.target), torch.ones(batch, 1, dims.target)),
    )


@pytest.mark.parametrize(
    ("codes", "width"),
    [(10, 6), (17, 8), (8, 5), (16, 8), (7, 5), (6, 4), (3, 3)],  # fastai's tabular tutorial: Adult, by column
)
def test_width_of_vectors_is_that_of_fastai(codes, width):
    assert embedding_width(codes) == width


def test_width_of_vectors_has_an_end():
    assert embedding_width(10_000) == 16
    assert embedding_width(1) >= 1


@pytest.mark.parametrize("length", range(1, 9))
def test_stretches_of_known_rows_hold_every_row_and_no_more_than_needed(length):
    for horizon in range(1, 30):
        found = views(Dims(length, horizon, known=1))
        rows = [first + step for first in found for step in range(length)]
        assert set(rows) == set(range(length + horizon))
        assert len(found) == 1 + -(-horizon // length)


@pytest.mark.parametrize(("length", "horizon"), [(6, 3), (6, 6), (6, 7), (3, 11)])
def test_stack_is_as_wide_as_channels_say_and_every_known_value_has_a_gradient(length, horizon):
    dims = Dims(length, horizon, target=2, past=1, known=2, static=1)
    module = Linear(dims)
    context = context_of(dims)
    assert module.stack(context).shape == (2, length, channels(dims)) == (2, length, module.channels)
    known = context.known.requires_grad_()
    module(context).square().sum().backward()
    assert (known.grad != 0).all()


def test_stack_of_the_target_alone_is_the_target_itself():
    dims = Dims(6, 9, target=2)
    context = context_of(dims)
    assert Linear(dims).stack(context) is context.target


def test_covariates_stand_beside_their_steps():
    dims = Dims(4, 3, past=1, known=1, static=1)
    context = context_of(dims)
    stacked = Linear(dims).stack(context)
    for step in range(4):
        expected = [
            context.target[:, step, 0],
            context.past[:, step, 0],
            context.known[:, step, 0],
            context.known[:, step + 3, 0],
            context.static[:, 0],
        ]
        assert torch.equal(stacked[:, step], torch.stack(expected, 1))


def test_known_categories_have_the_same_vectors_now_and_ahead():
    dims = Dims(4, 3, known=2, embedded=(("known", 0, 8),))
    context = context_of(dims)
    context.known[..., 0] = torch.arange(7.0)
    module = Linear(dims)
    stacked = module.stack(context)
    assert stacked.shape[-1] == 1 + 2 * (1 + 5)
    table = module.embeddings.tables["known0"]
    assert torch.equal(stacked[0, :, 2:7], table[:4])
    assert torch.equal(stacked[0, :, 8:], table[3:7])
    assert torch.equal(stacked[..., 1], context.known[:, :4, 1])


def test_without_categories_nothing_is_learnt_or_changed():
    embeddings = Embeddings(Dims(4, 3, past=1, known=2))
    values = torch.randn(2, 4, 1)
    assert not list(embeddings.parameters())
    assert not embeddings.state_dict()
    assert embeddings("past", values) is values


def test_more_categories_than_the_precision_can_count_are_refused():
    embeddings = Embeddings(Dims(4, 3, static=1, embedded=(("static", 0, 300),)))
    codes = torch.tensor([[257.0], [299.0]])
    assert torch.equal(embeddings("static", codes), embeddings.tables["static0"][[257, 299]])
    with pytest.raises(InputError, match=r"static column has 300 categories, more than torch\.bfloat16 can count"):
        embeddings("static", codes.bfloat16())
